import { figureText } from './table.ts'

/** One bar of a chart. */
export interface Bar {
  readonly label: string
  readonly value: number
  /** Ours stands out from the others. */
  readonly isOurs: boolean
}

/** What a chart shows. */
export interface BarChart {
  readonly title: string
  readonly unit: string
  /** What the reader must know of it: machine, versions, which end is better. */
  readonly legend: string
  readonly bars: readonly Bar[]
}

// An image does not know which theme surrounds it: tones that can be read on white and on near black alike.
export const TEXT_COLOUR = '#77797c'
export const OURS_COLOUR = '#2f7de1'
export const OTHERS_COLOUR = '#8b949e'

const WIDTH = 720
const LABELS_WIDTH = 250
const LONGEST_BAR = 370
const ROW_HEIGHT = 28
const BAR_HEIGHT = 18
const HEAD_HEIGHT = 44
const FOOT_HEIGHT = 30

/** A chart of horizontal bars as SVG. @throws RangeError when a value is no finite number, or below zero */
export function barChart({ title, unit, legend, bars }: BarChart): string {
  const most = Math.max(...bars.map(({ value }) => value))
  if (!(Number.isFinite(most) && bars.every(({ value }) => value >= 0))) {
    throw new RangeError('A bar takes a finite value of at least 0.')
  }
  const height = HEAD_HEIGHT + bars.length * ROW_HEIGHT + FOOT_HEIGHT
  const rows = bars.map((bar, index) => rowOf(bar, HEAD_HEIGHT + index * ROW_HEIGHT, most))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img"`,
    `  font-family="-apple-system, 'Segoe UI', Helvetica, Arial, sans-serif" font-size="13" fill="${TEXT_COLOUR}">`,
    `  <title>${escaped(title)}, ${escaped(unit)}</title>`,
    `  <text x="0" y="20" font-size="15"><tspan font-weight="600">${escaped(title)}</tspan>, ${escaped(unit)}</text>`,
    ...rows,
    `  <text x="0" y="${height - 8}" font-size="11">${escaped(legend)}</text>`,
    '</svg>',
    '',
  ].join('\n')
}

function rowOf({ label, value, isOurs }: Bar, top: number, most: number): string {
  const width = Math.max(1, Math.round(most === 0 ? 0 : (LONGEST_BAR * value) / most))
  const base = top + BAR_HEIGHT - 4
  const colour = isOurs ? OURS_COLOUR : OTHERS_COLOUR
  const weight = isOurs ? ' font-weight="600"' : ''
  return [
    `  <text x="${LABELS_WIDTH - 10}" y="${base}" text-anchor="end"${weight}>${escaped(label)}</text>`,
    `  <rect x="${LABELS_WIDTH}" y="${top}" width="${width}" height="${BAR_HEIGHT}" rx="2" fill="${colour}"/>`,
    `  <text x="${LABELS_WIDTH + width + 8}" y="${base}"${weight}>${figureText(value)}</text>`,
  ].join('\n')
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
