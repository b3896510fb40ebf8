/** @import { LimiterState, Snapshot } from '../snapshot.ts' */

import { drawChart, ratesOf, showRates, sumOf } from './chart.js'
import { chosenLimiters, followChoice, namesOf, showChoices, titleOf } from './choice.js'
import { byId, formatWhole } from './elements.js'
import { PAGE_HEADERS, showRoutes } from './routes.js'
import { banCountOf, HEALTH_LABELS, showBans, showClients, showInFlight, showStores } from './tables.js'

const SUMMARY_INTERVAL_MS = 30_000
const ROUTES_INTERVAL_MS = 30_000
const RECONNECT_DELAY_MS = 2000

/** How long the page waits after an answer that is not a stream, such as 403, 429 or 503. */
const REFUSED_DELAY_MS = 5000

const NOT_CONNECTED = 'Not connected. The page tries to connect again.'

/** How often the page is drawn for readers who prefer reduced motion. */
const REDUCED_MOTION_INTERVAL_MS = 10_000

const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)')

/** What the server sent last. @type {Snapshot | undefined} */
let latest
let drawnAtMs = Number.NEGATIVE_INFINITY
let summaryAtMs = Number.NEGATIVE_INFINITY
let summarizedState = ''

function draw() {
  if (latest === undefined) return
  const shown = chosenLimiters(latest)
  const rates = ratesOf(shown)
  drawnAtMs = performance.now()
  document.title = `Rate limits: ${titleOf(shown)}`
  byId('main', HTMLElement).classList.toggle('single', namesOf(shown).length === 1)
  byId('allowed', HTMLElement).textContent = formatWhole(sumOf(rates.allowed))
  byId('refused', HTMLElement).textContent = formatWhole(sumOf(rates.refused))
  drawChart(rates, latest.second)
  showChoices(latest, shown)
  showRates(rates)
  showClients(shown)
  showBans(shown)
  showInFlight(shown)
  showStores(latest.limiters)
}

/**
 * Updates the text for screen readers: every 30 seconds, and at once when the reader chooses another limiter,
 * the number of bans changes or the health of a store changes.
 *
 * @param {readonly LimiterState[]} shown
 */
function updateSummary(shown) {
  const banCount = banCountOf(shown)
  const stores = [...new Set(shown.map(({ health }) => HEALTH_LABELS[health.state]))].join('; ')
  const state = [titleOf(shown), banCount, stores].join()
  const nowMs = performance.now()
  if (nowMs - summaryAtMs < SUMMARY_INTERVAL_MS && state === summarizedState) return
  summaryAtMs = nowMs
  summarizedState = state
  const { allowed, refused } = ratesOf(shown)
  byId('summary', HTMLElement).textContent = [
    `${titleOf(shown)}: in the last 30 seconds ${formatWhole(sumOf(allowed.slice(-30)))} requests were allowed and`,
    `${formatWhole(sumOf(refused.slice(-30)))} were refused. Bans: ${formatWhole(banCount)}.`,
    `Store: ${stores}.`,
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
  if (!reducedMotion.matches || performance.now() - drawnAtMs >= REDUCED_MOTION_INTERVAL_MS) draw()
  updateSummary(chosenLimiters(snapshot))
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

followChoice(draw)
new ResizeObserver(draw).observe(byId('chart', SVGSVGElement))
showRoutes()
setInterval(showRoutes, ROUTES_INTERVAL_MS)
receiveEvents()
