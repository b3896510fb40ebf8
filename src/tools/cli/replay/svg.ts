export const WIDTH = 760
export const PANEL_HEIGHT = 220

/** The area of a panel that holds the bars, in pixels. */
export const PLOT: {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
} = { left: 60, top: 40, width: 680, height: 140 }

// An image does not know the theme of the page around it: these colours are readable on white and on near
// black.
export const TEXT_COLOUR = '#77797c'
export const ALLOWED_COLOUR = '#2f7de1'
export const REFUSED_COLOUR = '#d9480f'

/** The part of a text that is at its x. */
export type TextAnchor = 'start' | 'middle' | 'end'

export function drawText(x: number, y: number, text: string, anchor: TextAnchor = 'start'): string {
  return `    <text x="${x}" y="${y}" text-anchor="${anchor}">${escapeText(text)}</text>`
}

export function drawHeading(text: string): string {
  return `    <text x="0" y="18" font-size="14" font-weight="600">${escapeText(text)}</text>`
}

/** A bar that begins `offset` pixels above the base line of the plot. */
export function drawBar(x: number, width: number, height: number, colour: string, offset = 0): string {
  const y = PLOT.top + PLOT.height - offset - height
  return `    <rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" fill="${colour}"/>`
}

/** The base line of the plot, and the value of its highest bar. */
export function drawAxes(highest: number): string {
  const baseY = PLOT.top + PLOT.height
  const right = PLOT.left + PLOT.width
  return [
    `    <path d="M${PLOT.left} ${baseY}H${right}" stroke="${TEXT_COLOUR}" fill="none"/>`,
    drawText(PLOT.left - 6, PLOT.top + 10, String(highest), 'end'),
    drawText(PLOT.left - 6, baseY, '0', 'end'),
  ].join('\n')
}

function round(pixels: number): number {
  return Math.round(pixels * 100) / 100
}

function escapeText(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
