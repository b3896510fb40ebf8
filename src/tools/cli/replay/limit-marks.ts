import { REFUSED_SHARES, suggestLimit, type UsageCount } from './suggested-limits.ts'
import { drawLine, drawText, formatCount, type Plot, textWidth } from './svg.ts'

/** The height of a row of labels, in pixels. */
const ROW_HEIGHT = 16

/** How a line of a suggested limit is drawn. */
export const SUGGESTION_DASHES = '2 3'

/** A limit that is marked in the plot by a line with a label above the plot. */
export interface LimitMark {
  readonly units: number
  readonly label: string
  readonly dashes?: string
}

/** A mark in its place: row 0 is the lowest row of labels. */
interface PlacedMark extends LimitMark {
  /** In pixels from the left of the plot. */
  readonly x: number
  readonly row: number
}

/** The marks of the limits that a replay used or compared, and of the suggested limits. */
export function limitMarks(limits: readonly number[], counts: readonly UsageCount[]): readonly LimitMark[] {
  const used = [...new Set(limits)].map((units) => ({ units, label: `limit ${formatCount(units)}` }))
  const shares = new Map<number, number[]>()
  for (const share of REFUSED_SHARES) {
    const suggested = suggestLimit(counts, share)
    if (suggested === undefined || share === 0) continue
    shares.set(suggested.limit, [...(shares.get(suggested.limit) ?? []), share])
  }
  const suggestions = [...shares].map(([units, ofUnits]) => ({
    units,
    label: `${ofUnits.map((share) => `${share * 100} %`).join(', ')}: ${formatCount(units)}`,
    dashes: SUGGESTION_DASHES,
  }))
  return [...used, ...suggestions]
}

/**
 * Places the labels in rows, each to the right of its line. A label is above the lines that begin within its
 * width, so that no line and no other label crosses it.
 */
export function placeMarks(
  marks: readonly LimitMark[],
  xOf: (units: number) => number,
): readonly PlacedMark[] {
  const placed: PlacedMark[] = []
  const fromRight = marks
    .map((mark) => ({ ...mark, x: xOf(mark.units) }))
    .sort((one, other) => other.x - one.x)
  for (const mark of fromRight) {
    const end = mark.x + textWidth(mark.label)
    const below = placed.filter(({ x }) => x <= end).map(({ row }) => row)
    placed.push({ ...mark, row: Math.max(-1, ...below) + 1 })
  }
  return placed
}

/** The height that the labels take above the plot, in pixels. */
export function marksHeight(placed: readonly PlacedMark[]): number {
  return placed.reduce((rows, { row }) => Math.max(rows, row + 1), 0) * ROW_HEIGHT
}

export function drawMarks({ left, top, height }: Plot, placed: readonly PlacedMark[]): string[] {
  return placed.flatMap(({ x, row, label, dashes }) => {
    const lineX = Math.round(left + x)
    const lineTop = top - (row + 1) * ROW_HEIGHT
    return [
      drawLine(`M${lineX} ${lineTop}V${top + height}`, dashes),
      drawText(lineX + 4, lineTop + 11, label, 'start'),
    ]
  })
}
