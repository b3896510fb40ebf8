import type { Spread } from './statistics.ts'

/** A table as text, two spaces between its columns: so many of them flush left, the others flush right. */
export function renderTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  flushLeft = 1,
): string {
  const table = [headings, ...rows]
  const widths = headings.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  const lineOf = (row: readonly string[]): string =>
    widths
      .map((width, column) => {
        const cell = row[column] ?? ''
        return column < flushLeft ? cell.padEnd(width) : cell.padStart(width)
      })
      .join('  ')
      .trimEnd()
  const rule = widths.map((width) => '-'.repeat(width)).join('  ')
  return [lineOf(headings), rule, ...rows.map(lineOf)].join('\n')
}

/** A figure with three significant digits or, above that, as a whole number: `0.123`, `12.3`, `1,234`. */
export function figureText(figure: number): string {
  if (figure === 0) return '0'
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(figure))))
  return figure.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

/** `median (min to max)`; of a single run the figure alone. */
export function spreadText({ median, min, max, values }: Spread): string {
  if (values.length === 1) return figureText(median)
  return `${figureText(median)} (${figureText(min)} to ${figureText(max)})`
}
