/** @import { LimiterState, Snapshot } from '../snapshot.ts' */

import { drawChart, lastOf, showRates, sumOf } from './chart.js'
import { byId, element, formatWhole } from './elements.js'
import { HEALTH_LABELS, PAGE_HEADERS, showBans, showClients, showRoutes, showStores } from './tables.js'

const SUMMARY_INTERVAL_MS = 30_000
const ROUTES_INTERVAL_MS = 30_000
const RECONNECT_DELAY_MS = 2000

/** How long the page waits after an answer that is not a stream, such as 403, 429 or 503. */
const REFUSED_DELAY_MS = 5000

const NOT_CONNECTED = 'Not connected. The page tries to connect again.'

/** How often the page is drawn for readers who prefer reduced motion. */
const REDUCED_MOTION_INTERVAL_MS = 10_000

const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)')
const limiterSelect = byId('limiter', HTMLSelectElement)

/** What the server sent last. @type {Snapshot | undefined} */
let latest
let drawnAtMs = Number.NEGATIVE_INFINITY
let summaryAtMs = Number.NEGATIVE_INFINITY
let summarizedState = ''

/** @param {Snapshot} snapshot */
const selectedLimiter = ({ limiters }) => limiters[limiterSelect.selectedIndex] ?? limiters[0]

/** @param {Snapshot} snapshot */
function showLimiterNames({ limiters }) {
  byId('choice', HTMLElement).hidden = limiters.length < 2
  if (limiterSelect.length === limiters.length) return
  limiterSelect.replaceChildren(...limiters.map(({ name }) => element('option', '', name)))
}

function draw() {
  if (latest === undefined) return
  const limiter = selectedLimiter(latest)
  if (limiter === undefined) return
  drawnAtMs = performance.now()
  byId('allowed', HTMLElement).textContent = formatWhole(lastOf(limiter.allowed))
  byId('refused', HTMLElement).textContent = formatWhole(lastOf(limiter.refused))
  drawChart(limiter)
  showRates(limiter)
  showClients(limiter)
  showBans(limiter)
  showStores(latest.limiters)
}

/**
 * Updates the text for screen readers: every 30 seconds, and at once when the reader selects another limiter,
 * the number of bans changes or the health of the store changes.
 *
 * @param {LimiterState} limiter
 */
function updateSummary({ allowed, refused, banCount, health }) {
  const state = [limiterSelect.selectedIndex, banCount, health.state].join()
  const nowMs = performance.now()
  if (nowMs - summaryAtMs < SUMMARY_INTERVAL_MS && state === summarizedState) return
  summaryAtMs = nowMs
  summarizedState = state
  byId('summary', HTMLElement).textContent = [
    `In the last 30 seconds ${formatWhole(sumOf(allowed.slice(-30)))} requests were allowed and`,
    `${formatWhole(sumOf(refused.slice(-30)))} were refused. Bans: ${formatWhole(banCount)}.`,
    `Store: ${HEALTH_LABELS[health.state]}.`,
  ].join(' ')
}

/**
 * @param {'live' | 'lost'} state
 * @param {string} text
 */
function showConnection(state, text) {
  const shown = byId('connection', HTMLElement)
  if (shown.dataset.state === state && shown.textContent === text) return
  shown.dataset.state = state
  shown.textContent = text
}

/** @param {Snapshot} snapshot */
function receive(snapshot) {
  latest = snapshot
  showConnection('live', 'Live')
  showLimiterNames(snapshot)
  if (!reducedMotion.matches || performance.now() - drawnAtMs >= REDUCED_MOTION_INTERVAL_MS) draw()
  const limiter = selectedLimiter(snapshot)
  if (limiter !== undefined) updateSummary(limiter)
}

/**
 * Receives events until the stream ends. An `EventSource` can neither mark its request as one of this page, nor show
 * why it was refused.
 *
 * @returns {Promise<number>} the milliseconds after which to try again
 */
async function receiveStream() {
  const answer = await fetch('events', { headers: { ...PAGE_HEADERS, Accept: 'text/event-stream' } })
  if (!answer.ok || answer.body === null) {
    const { message = NOT_CONNECTED } = await answer.json().catch(() => ({}))
    showConnection('lost', message)
    return REFUSED_DELAY_MS
  }
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    const events = `${text}${chunk.value}`.split('\n\n')
    text = events.pop() ?? ''
    const data = events.findLast((event) => event.startsWith('data: '))
    if (data !== undefined) receive(JSON.parse(data.slice('data: '.length)))
  }
  showConnection('lost', NOT_CONNECTED)
  return RECONNECT_DELAY_MS
}

/** Receives events, again and again. */
async function receiveEvents() {
  const delayMs = await receiveStream().catch(() => {
    showConnection('lost', NOT_CONNECTED)
    return RECONNECT_DELAY_MS
  })
  setTimeout(receiveEvents, delayMs)
}

limiterSelect.addEventListener('change', draw)
new ResizeObserver(draw).observe(byId('chart', SVGSVGElement))
showRoutes()
setInterval(showRoutes, ROUTES_INTERVAL_MS)
receiveEvents()
