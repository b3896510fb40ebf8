/** @import { ClientBudget, LimiterState, RankedClient, ShownClient } from '../snapshot.ts' */

import { byId, cell, element, formatWhole, rowHeader, showRows } from './elements.js'

/** The most rows of a table of clients. */
const SHOWN_CLIENTS = 10

/** What the page calls the health of a store. @type {Record<LimiterState['health']['state'], string>} */
export const HEALTH_LABELS = {
  closed: 'healthy',
  open: 'circuit open, the store is not called',
  'half-open': 'circuit half-open, one call tests the store',
}

/**
 * The cells of a client's name. A name that runs from right to left must not turn around the text beside it.
 *
 * @param {ShownClient} client
 */
function nameParts({ text, tag }) {
  const name = element('bdi', '', text)
  return tag === '' ? [name] : [name, element('span', 'tag', tag)]
}

/** @param {number} seconds */
function formatDuration(seconds) {
  if (seconds < 60) return `${Math.max(0, Math.round(seconds))} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
}

/** @param {number} bytes */
function formatBytes(bytes) {
  if (bytes < 1024) return `${bytes} B`
  return bytes < 1048576 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1048576).toFixed(1)} MiB`
}

/** What the requests of a class are. @type {Record<ClientBudget['requestClass'], string>} */
const CLASS_LABELS = { read: 'reads', write: 'writes', any: 'requests', preflight: 'preflights' }

/**
 * What a budget counts: `reads`, or `tokens for reads`.
 *
 * @param {ClientBudget} budget
 */
function countedIn({ unit, requestClass }) {
  const requests = CLASS_LABELS[requestClass]
  if (unit === undefined) return requests
  return requestClass === 'any' ? unit : `${unit} for ${requests}`
}

/** @param {ClientBudget | undefined} budget */
function budgetCell(budget) {
  if (budget === undefined) return cell('-', 'empty')
  const { remaining, limit, plan } = budget
  const meter = element('meter', '')
  meter.max = limit
  meter.low = limit * 0.2
  meter.optimum = limit
  meter.value = remaining
  // The text beside it has the same numbers.
  meter.setAttribute('aria-hidden', 'true')
  const units = `${formatWhole(remaining)} of ${formatWhole(limit)} ${countedIn(budget)}`
  return element('td', 'budget', meter, plan === undefined ? units : `${units} (${plan})`)
}

/**
 * The client as one limiter counts it. A client that meets several limiters has a row for each.
 *
 * @param {RankedClient & { name: string }} client
 */
function clientRow({ client, name, minCount, maxCount, isBanned, budget }) {
  const count =
    minCount === maxCount ? formatWhole(maxCount) : `${formatWhole(minCount)} to ${formatWhole(maxCount)}`
  return [
    rowHeader(...nameParts(client)),
    cell(name, 'by-limiter'),
    cell(count, 'figure'),
    isBanned ? cell('banned', 'bad') : budgetCell(budget),
  ]
}

/**
 * The clients with the highest counts. Each limiter sends its own, so none of them is missing.
 *
 * @param {readonly LimiterState[]} limiters
 * @param {'busiest' | 'mostRefused'} ranking
 */
function clientRows(limiters, ranking) {
  return limiters
    .flatMap((limiter) => limiter[ranking].map((client) => ({ ...client, name: limiter.name })))
    .sort((one, other) => other.maxCount - one.maxCount || other.minCount - one.minCount)
    .slice(0, SHOWN_CLIENTS)
    .map(clientRow)
}

/** @param {readonly LimiterState[]} limiters */
export function showClients(limiters) {
  showRows('busiest', clientRows(limiters, 'busiest'), { columns: 4, text: 'No request yet' })
  showRows('most-refused', clientRows(limiters, 'mostRefused'), { columns: 4, text: 'No client was refused' })
}

/** @param {readonly LimiterState[]} limiters */
export const banCountOf = (limiters) => limiters.reduce((total, { banCount }) => total + banCount, 0)

/** @param {readonly LimiterState[]} limiters */
export function showBans(limiters) {
  const rows = limiters.flatMap(({ name, bans }) =>
    bans.map(({ client, endsInSec }) => [
      rowHeader(...nameParts(client)),
      cell(name, 'by-limiter'),
      cell(formatDuration(endsInSec)),
    ]),
  )
  byId('bans-caption', HTMLTableCaptionElement).textContent = bansCaption(rows.length, banCountOf(limiters))
  showRows('bans', rows, { columns: 3, text: 'No client is banned' })
}

/**
 * @param {number} shown
 * @param {number} banCount
 */
function bansCaption(shown, banCount) {
  if (banCount === 0) return 'No ban'
  const total = `${formatWhole(banCount)} ${banCount === 1 ? 'ban' : 'bans'}`
  return banCount === shown ? total : `${total}; the newest ${formatWhole(shown)} are shown`
}

/**
 * Shows the requests in flight, where a limiter limits them.
 *
 * @param {readonly LimiterState[]} limiters
 */
export function showInFlight(limiters) {
  const rows = limiters.flatMap(({ name, inFlight }) =>
    inFlight === undefined
      ? []
      : [
          [
            rowHeader(name),
            cell(formatWhole(inFlight.running), 'figure'),
            cell(formatWhole(inFlight.waiting), 'figure'),
          ],
        ],
  )
  byId('in-flight-section', HTMLElement).hidden = rows.length === 0
  showRows('in-flight', rows, { columns: 3, text: '' })
}

/**
 * The name of a limiter, and what it does that others do not.
 *
 * @param {LimiterState} limiter
 */
function nameWithNotes({ name, mode, unit, settles }) {
  const notes = [
    ...(mode === 'shadow' ? ['shadow'] : []),
    ...(unit === undefined ? [] : [`counts ${unit}`]),
    ...(settles ? ['settles costs'] : []),
  ]
  return notes.length === 0 ? name : `${name} (${notes.join(', ')})`
}

/** @param {readonly LimiterState[]} limiters */
export function showStores(limiters) {
  showRows('stores', limiters.map(storeRow), { columns: 9, text: '' })
}

/** @param {LimiterState} limiter */
function storeRow(limiter) {
  const { health, store } = limiter
  return [
    rowHeader(nameWithNotes(limiter)),
    cell(HEALTH_LABELS[health.state], health.state === 'closed' ? 'good' : 'bad'),
    cell(formatDuration((Date.now() - health.sinceMs) / 1000)),
    cell(health.lastError ?? 'none'),
    cell(formatWhole(health.lateReplies)),
    cell(store === undefined ? '-' : `${formatWhole(store.keys)} of ${formatWhole(store.maxKeys)}`),
    cell(store === undefined ? '-' : formatBytes(store.bytes)),
    cell(store === undefined ? '-' : formatWhole(store.unexpiredEvictions)),
    cell(store === undefined ? '-' : formatWhole(store.overflowed)),
  ]
}
