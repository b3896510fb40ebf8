export const WIDTH = 800

/** Above the plot of each panel: the heading and the legend. */
export const HEAD_HEIGHT = 56

/** Below the plot of each panel: two lines of labels, the name of the axis, and space. */
export const FOOT_HEIGHT = 68

/** The area of a panel that holds the bars, in pixels. */
export interface Plot {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** A part of the chart: its elements, and the height that they take. */
export interface Panel {
  readonly height: number
  readonly elements: readonly string[]
}

/** A labelled position on an axis, in pixels from the left or from the base line of the plot. */
export interface Tick {
  readonly position: number
  readonly label: string
  /** A second line below the label. */
  readonly subLabel?: string
}

// An image does not know the theme of the page around it: these colours are readable on white and on near
// black.
const TEXT_COLOUR = '#77797c'
export const ALLOWED_COLOUR = '#2f7de1'
export const REFUSED_COLOUR = '#d9480f'

/** The least height of a bar: one request is visible beside thousands. */
const LEAST_HEIGHT = 2

/** The root element, which holds panels one below the other. */
export function drawSvg(title: string, panels: readonly Panel[]): string {
  const height = panels.reduce((sum, panel) => sum + panel.height, 0)
  let y = 0
  const groups = panels.map((panel) => {
    const group = `  <g transform="translate(0 ${y})">\n${panel.elements.join('\n')}\n  </g>`
    y += panel.height
    return group
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img"`,
    `  font-family="-apple-system, 'Segoe UI', Helvetica, Arial, sans-serif" font-size="12" fill="${TEXT_COLOUR}">`,
    `  <title>${escapeText(title)}</title>`,
    ...groups,
    '</svg>',
    '',
  ].join('\n')
}

/** At most how wide a text of the chart is, in pixels. Fonts differ, so this is more than most take. */
export function textWidth(text: string): number {
  return text.length * 7
}

export function drawText(x: number, y: number, text: string, anchor: 'start' | 'middle' | 'end'): string {
  return `    <text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escapeText(text)}</text>`
}

export function drawHeading({ left }: Plot, text: string): string {
  return `    <text x="${left}" y="20" font-size="14" font-weight="600">${escapeText(text)}</text>`
}

/** What a mark of the chart means: `colour` is that of bars, `dashes` that of a line. */
export interface LegendEntry {
  readonly label: string
  readonly colour?: string
  readonly dashes?: string
}

export function drawLegend({ left }: Plot, entries: readonly LegendEntry[]): string[] {
  let x = left
  return entries.flatMap(({ label, colour, dashes }) => {
    const key =
      colour === undefined
        ? drawLine(`M${x} 36H${x + 16}`, dashes)
        : `    <rect x="${x + 4}" y="30" width="12" height="12" fill="${colour}"/>`
    const text = drawText(x + 22, 40, label, 'start')
    x += 22 + textWidth(label) + 12
    return [key, text]
  })
}

/** @param dashes as in `stroke-dasharray`; undefined for a line without gaps */
export function drawLine(path: string, dashes?: string): string {
  const dashArray = dashes === undefined ? '' : ` stroke-dasharray="${dashes}"`
  return `    <path d="${path}" stroke="${TEXT_COLOUR}"${dashArray} fill="none"/>`
}

/** A bar that begins `offset` pixels above the base line. Returns the element and where the bar ends. */
export function drawBar(
  { left, top, height: plotHeight }: Plot,
  bar: { readonly x: number; readonly width: number; readonly height: number; readonly colour: string },
  offset = 0,
): { readonly element: string; readonly end: number } {
  const height = Math.max(LEAST_HEIGHT, bar.height)
  const y = top + plotHeight - offset - height
  const size = `width="${round(bar.width)}" height="${round(height)}"`
  const element = `    <rect x="${round(left + bar.x)}" y="${round(y)}" ${size} fill="${bar.colour}"/>`
  return { element, end: offset + height }
}

/** Lines across the plot, with their values on the left. */
export function drawScale({ left, top, width, height }: Plot, ticks: readonly Tick[]): string[] {
  return ticks.flatMap(({ position, label }) => {
    const y = round(top + height - position)
    const opacity = position === 0 ? 1 : 0.25
    return [
      `    <path d="M${left} ${y}H${left + width}" stroke="${TEXT_COLOUR}" stroke-opacity="${opacity}" fill="none"/>`,
      drawText(left - 8, y + 4, label, 'end'),
    ]
  })
}

/** Short lines below the plot with labels, and the name of the axis. */
export function drawAxis({ left, top, width, height }: Plot, name: string, ticks: readonly Tick[]): string[] {
  const base = top + height
  const drawn = ticks.flatMap(({ position, label, subLabel }) => {
    const x = round(left + position)
    const texts = [drawLine(`M${x} ${base}v5`), drawText(x, base + 18, label, 'middle')]
    return subLabel === undefined ? texts : [...texts, drawText(x, base + 33, subLabel, 'middle')]
  })
  const lines = ticks.some(({ subLabel }) => subLabel !== undefined) ? 3 : 2
  return [...drawn, drawText(left + width / 2, base + 4 + 15 * lines, name, 'middle')]
}

/** A whole number, short: 1,500 and 2.5M. */
export function formatCount(count: number): string {
  return count < 1_000_000 ? count.toLocaleString('en') : `${count / 1_000_000}M`
}

function round(pixels: number): number {
  return Math.round(pixels * 100) / 100
}

function escapeText(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
