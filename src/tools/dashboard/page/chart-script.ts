/** The part of the page's script that draws: two stacked areas in steps of a second, and the same in a table. */
export const CHART_SCRIPT: string = `
const SVG = 'http://www.w3.org/2000/svg'
const HEIGHT = 220
const LEFT = 44
const TOP = 8
const BOTTOM = 24
const STEP_SECONDS = 30

const sum = (counts) => counts.reduce((total, count) => total + count, 0)

function shape(name, attributes, text) {
  const made = document.createElementNS(SVG, name)
  for (const key of Object.keys(attributes)) made.setAttribute(key, attributes[key])
  if (text !== undefined) made.textContent = text
  return made
}

// The next of 2, 4, 10, 20, 40, ...: half of it is a whole number too.
function niceTop(most) {
  for (let unit = 1; ; unit *= 10) {
    for (const factor of [2, 4, 10]) if (most <= factor * unit) return factor * unit
  }
}

// From left to right along the tops, and back along the bottoms.
function area(bottoms, tops, x, y) {
  const steps = []
  tops.forEach((top, index) => steps.push(x(index) + ' ' + y(top), x(index + 1) + ' ' + y(top)))
  for (let index = bottoms.length - 1; index >= 0; index--) {
    steps.push(x(index + 1) + ' ' + y(bottoms[index]), x(index) + ' ' + y(bottoms[index]))
  }
  return 'M' + steps.join('L') + 'Z'
}

function drawChart({ admitted, refused }) {
  const chart = byId('chart')
  const width = Math.max(240, chart.clientWidth)
  const totals = admitted.map((count, index) => count + refused[index])
  const top = niceTop(Math.max(1, ...totals))
  const x = (index) => (LEFT + (index / admitted.length) * (width - LEFT)).toFixed(1)
  const y = (count) => (TOP + (1 - count / top) * (HEIGHT - TOP - BOTTOM)).toFixed(1)
  const parts = []
  for (const level of [0, top / 2, top]) {
    parts.push(shape('line', { x1: LEFT, x2: width, y1: y(level), y2: y(level) }))
    parts.push(shape('text', { x: LEFT - 8, y: Number(y(level)) + 4, class: 'scale' }, whole(level)))
  }
  parts.push(shape('path', { class: 'admitted', d: area(admitted.map(() => 0), admitted, x, y) }))
  parts.push(shape('path', { class: 'refused', d: area(admitted, totals, x, y) }))
  parts.push(shape('text', { x: LEFT, y: HEIGHT - 6 }, '5 min ago'))
  parts.push(shape('text', { x: x(admitted.length / 2), y: HEIGHT - 6, class: 'middle' }, '2.5 min'))
  parts.push(shape('text', { x: width, y: HEIGHT - 6, class: 'last' }, 'now'))
  chart.setAttribute('viewBox', '0 0 ' + width + ' ' + HEIGHT)
  chart.setAttribute('aria-label', describeRates(admitted, refused, totals))
  chart.replaceChildren(...parts)
}

function describeRates(admitted, refused, totals) {
  return 'Requests a second over five minutes: ' + whole(sum(admitted)) + ' admitted and ' + whole(sum(refused)) +
    ' refused in all, at most ' + whole(Math.max(...totals)) + ' in a second, ' +
    whole(admitted[admitted.length - 1]) + ' admitted and ' + whole(refused[refused.length - 1]) + ' refused in the last one.'
}

function showSteps({ admitted, refused }) {
  const rows = []
  for (let end = admitted.length; end > 0; end -= STEP_SECONDS) {
    const ago = admitted.length - end
    const of = (counts) => cell(whole(sum(counts.slice(end - STEP_SECONDS, end))), 'figure')
    rows.push([head(ago + ' to ' + (ago + STEP_SECONDS)), of(admitted), of(refused)])
  }
  fill('steps', rows, 3, '')
}
`
