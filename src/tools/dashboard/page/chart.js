/** @import { LimiterState } from '../snapshot.ts' */

import { byId, cell, formatWhole, rowHeader, showRows } from './elements.js'

const SVG_NAMESPACE = 'http://www.w3.org/2000/svg'

/** Sizes in pixels. The margins hold the labels of the axes. */
const HEIGHT = 220
const LEFT_MARGIN = 44
const TOP_MARGIN = 8
const BOTTOM_MARGIN = 24

/** Seconds that one row of the table below the chart adds up. */
const SECONDS_PER_ROW = 30

/** @param {readonly number[]} counts */
export const sumOf = (counts) => counts.reduce((total, count) => total + count, 0)

/** @param {readonly number[]} counts */
export const lastOf = (counts) => counts.at(-1) ?? 0

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
 * The outline of an area in steps of a second: from left to right along the upper edge, and back along the
 * lower edge.
 *
 * @param {readonly number[]} lower
 * @param {readonly number[]} upper
 * @param {(index: number) => string} x
 * @param {(count: number) => string} y
 */
function areaPath(lower, upper, x, y) {
  const there = upper.flatMap((count, index) => [`${x(index)} ${y(count)}`, `${x(index + 1)} ${y(count)}`])
  const back = lower.flatMap((count, index) => [`${x(index)} ${y(count)}`, `${x(index + 1)} ${y(count)}`])
  return `M${[...there, ...back.reverse()].join('L')}Z`
}

/**
 * Draws the requests of each second: the refused ones on top of the allowed ones.
 *
 * @param {LimiterState} limiter
 */
export function drawChart({ allowed, refused }) {
  const chart = byId('chart', SVGSVGElement)
  const width = Math.max(240, chart.clientWidth)
  const totals = allowed.map((count, index) => count + (refused[index] ?? 0))
  const top = scaleTop(Math.max(1, ...totals))
  /** @param {number} index */
  const x = (index) => (LEFT_MARGIN + (index / allowed.length) * (width - LEFT_MARGIN)).toFixed(1)
  /** @param {number} count */
  const y = (count) => (TOP_MARGIN + (1 - count / top) * (HEIGHT - TOP_MARGIN - BOTTOM_MARGIN)).toFixed(1)
  const zeros = allowed.map(() => 0)
  chart.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`)
  chart.setAttribute('aria-label', chartSummary(allowed, refused, totals))
  chart.replaceChildren(
    ...[0, top / 2, top].flatMap((level) => levelShapes(level, y(level), width)),
    shape('path', { class: 'allowed', d: areaPath(zeros, allowed, x, y) }),
    shape('path', { class: 'refused', d: areaPath(allowed, totals, x, y) }),
    shape('text', { x: LEFT_MARGIN, y: HEIGHT - 6 }, '5 min ago'),
    shape('text', { x: x(allowed.length / 2), y: HEIGHT - 6, class: 'middle' }, '2.5 min'),
    shape('text', { x: width, y: HEIGHT - 6, class: 'last' }, 'now'),
  )
}

/**
 * A line across the chart and its label.
 *
 * @param {number} level
 * @param {string} y
 * @param {number} width
 */
function levelShapes(level, y, width) {
  return [
    shape('line', { x1: LEFT_MARGIN, x2: width, y1: y, y2: y }),
    shape('text', { x: LEFT_MARGIN - 8, y: Number(y) + 4, class: 'scale' }, formatWhole(level)),
  ]
}

/**
 * The chart in words, for screen readers.
 *
 * @param {readonly number[]} allowed
 * @param {readonly number[]} refused
 * @param {readonly number[]} totals
 */
function chartSummary(allowed, refused, totals) {
  return [
    `Requests per second in the last five minutes: ${formatWhole(sumOf(allowed))} allowed and`,
    `${formatWhole(sumOf(refused))} refused in total,`,
    `at most ${formatWhole(Math.max(...totals))} in one second. In the last second:`,
    `${formatWhole(lastOf(allowed))} allowed and ${formatWhole(lastOf(refused))} refused.`,
  ].join(' ')
}

/**
 * Shows the numbers of the chart in a table.
 *
 * @param {LimiterState} limiter
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
