/** @import { LimiterState, Rates } from '../snapshot.ts' */

import { byId, cell, formatWhole, rowHeader, showRows } from './elements.js'

const SVG_NAMESPACE = 'http://www.w3.org/2000/svg'

/** Sizes in pixels. The margins hold the labels of the axes. */
const HEIGHT = 220
const LEFT_MARGIN = 44
const TOP_MARGIN = 8
const BOTTOM_MARGIN = 24

/** Seconds that one bar adds up. A bar for each second would be too narrow to see. */
const SECONDS_PER_BAR = 5

/** The least height of a bar: a single refusal is visible above thousands of allowed requests. */
const LEAST_HEIGHT = 3

/** Seconds that one row of the table below the chart adds up. */
const SECONDS_PER_ROW = 30

/** @param {readonly number[]} counts */
export const sumOf = (counts) => counts.reduce((total, count) => total + count, 0)

/**
 * The requests of several limiters by second. A request counts once at each limiter that it meets.
 *
 * @param {readonly LimiterState[]} limiters
 * @returns {Rates}
 */
export function ratesOf(limiters) {
  /** @param {'allowed' | 'refused'} kind */
  const bySecond = (kind) =>
    limiters
      .map((limiter) => limiter[kind])
      .reduce((total, counts) => total.map((count, index) => count + (counts[index] ?? 0)))
  return { allowed: bySecond('allowed'), refused: bySecond('refused') }
}

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 */
function shape(name, attributes, text = '') {
  const made = document.createElementNS(SVG_NAMESPACE, name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value))
  made.textContent = text
  return made
}

/**
 * The top of the scale: the next of 2, 4, 10, 20, 40, 100 and so on. Half of each is a whole number too.
 *
 * @param {number} highest
 */
function scaleTop(highest) {
  for (let unit = 1; ; unit *= 10) {
    for (const factor of [2, 4, 10]) if (highest <= factor * unit) return factor * unit
  }
}

/**
 * The counts of the bars. A bar begins at every fifth second of the server's clock, so that a request stays in
 * its bar. The last bar grows until its seconds are over.
 *
 * @param {Rates} rates
 * @param {number} now the second that is not over yet
 */
function barsOf({ allowed, refused }, now) {
  const seconds = allowed.length
  const firstStart = Math.ceil(now / SECONDS_PER_BAR) * SECONDS_PER_BAR - now
  return Array.from({ length: seconds / SECONDS_PER_BAR }, (_, index) => {
    const start = firstStart + index * SECONDS_PER_BAR
    /** @param {readonly number[]} counts */
    const sum = (counts) => sumOf(counts.slice(start, start + SECONDS_PER_BAR))
    return { allowed: sum(allowed), refused: sum(refused) }
  })
}

/**
 * Draws the requests of the last five minutes: the refused ones on top of the allowed ones.
 *
 * @param {Rates} rates
 * @param {number} now
 */
export function drawChart(rates, now) {
  const chart = byId('chart', SVGSVGElement)
  const width = Math.max(240, chart.clientWidth)
  const bars = barsOf(rates, now)
  const highest = Math.max(...bars.map(({ allowed, refused }) => allowed + refused))
  const top = scaleTop(Math.max(1, highest))
  const barWidth = (width - LEFT_MARGIN) / bars.length
  /** @param {number} count */
  const height = (count) => (count / top) * (HEIGHT - TOP_MARGIN - BOTTOM_MARGIN)
  chart.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`)
  chart.setAttribute('aria-label', chartSummary(rates, highest))
  chart.replaceChildren(
    ...[0, top / 2, top].flatMap((level) =>
      levelShapes(level, HEIGHT - BOTTOM_MARGIN - height(level), width),
    ),
    ...bars.flatMap((bar, index) => barShapes(bar, LEFT_MARGIN + index * barWidth, barWidth, height)),
    shape('text', { x: LEFT_MARGIN, y: HEIGHT - 6 }, '5 min ago'),
    shape('text', { x: (LEFT_MARGIN + width) / 2, y: HEIGHT - 6, class: 'middle' }, '2.5 min'),
    shape('text', { x: width, y: HEIGHT - 6, class: 'last' }, 'now'),
  )
}

/**
 * The shapes of a bar, with a gap of a pixel before the next bar.
 *
 * @param {ReturnType<typeof barsOf>[number]} bar
 * @param {number} x
 * @param {number} width
 * @param {(count: number) => number} heightOf
 */
function barShapes(bar, x, width, heightOf) {
  let y = HEIGHT - BOTTOM_MARGIN
  return Object.entries(bar).flatMap(([name, count]) => {
    if (count === 0) return []
    const height = Math.max(LEAST_HEIGHT, heightOf(count))
    y -= height
    return [shape('rect', { class: name, x, y, width: width - 1, height })]
  })
}

/**
 * A line across the chart and its label.
 *
 * @param {number} level
 * @param {number} y
 * @param {number} width
 */
function levelShapes(level, y, width) {
  return [
    shape('line', { x1: LEFT_MARGIN, x2: width, y1: y, y2: y }),
    shape('text', { x: LEFT_MARGIN - 8, y: y + 4, class: 'scale' }, formatWhole(level)),
  ]
}

/**
 * The chart in words, for screen readers.
 *
 * @param {Rates} rates
 * @param {number} highest the requests of the highest bar
 */
function chartSummary({ allowed, refused }, highest) {
  return [
    `Requests in the last five minutes: ${formatWhole(sumOf(allowed))} allowed and`,
    `${formatWhole(sumOf(refused))} refused in total,`,
    `at most ${formatWhole(highest)} in ${SECONDS_PER_BAR} seconds.`,
  ].join(' ')
}

/**
 * Shows the numbers of the chart in a table.
 *
 * @param {Rates} rates
 */
export function showRates({ allowed, refused }) {
  const rows = []
  for (let end = allowed.length; end > 0; end -= SECONDS_PER_ROW) {
    const secondsAgo = allowed.length - end
    /** @param {readonly number[]} counts */
    const sumCell = (counts) => cell(formatWhole(sumOf(counts.slice(end - SECONDS_PER_ROW, end))), 'figure')
    rows.push([
      rowHeader(`${secondsAgo} to ${secondsAgo + SECONDS_PER_ROW}`),
      sumCell(allowed),
      sumCell(refused),
    ])
  }
  showRows('rates', rows, { columns: 3, text: '' })
}
