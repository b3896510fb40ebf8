export const WIDTH = 760
export const PANEL_HEIGHT = 220

/** The part of a panel that bars stand in, in pixels. */
export const PLOT: {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
} = { left: 60, top: 40, width: 680, height: 140 }

// An image is not told which theme surrounds it: tones that can be read on white and on near black alike.
export const TEXT_COLOUR = '#77797c'
export const ADMITTED_COLOUR = '#2f7de1'
export const REFUSED_COLOUR = '#d9480f'

/** Where a text ends or begins at the place that is given. */
export type Anchor = 'start' | 'middle' | 'end'

/** A text whose characters mean themselves. */
export function textAt(x: number, y: number, text: string, anchor: Anchor = 'start'): string {
  return `    <text x="${x}" y="${y}" text-anchor="${anchor}">${escaped(text)}</text>`
}

export function headingOf(text: string): string {
  return `    <text x="0" y="18" font-size="14" font-weight="600">${escaped(text)}</text>`
}

/** A bar on the ground of the plot, or `below` pixels above it. */
export function barAt(x: number, width: number, height: number, colour: string, below = 0): string {
  const y = PLOT.top + PLOT.height - below - height
  return `    <rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" fill="${colour}"/>`
}

/** The ground of the plot, and the height of its highest bar. */
export function axes(most: number): string {
  const base = PLOT.top + PLOT.height
  const right = PLOT.left + PLOT.width
  return [
    `    <path d="M${PLOT.left} ${base}H${right}" stroke="${TEXT_COLOUR}" fill="none"/>`,
    textAt(PLOT.left - 6, PLOT.top + 10, String(most), 'end'),
    textAt(PLOT.left - 6, base, '0', 'end'),
  ].join('\n')
}

function round(pixels: number): number {
  return Math.round(pixels * 100) / 100
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
