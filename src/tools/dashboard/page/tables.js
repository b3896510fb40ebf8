/** @import { ClientBudget, LimiterState, RankedClient, ShownClient } from '../snapshot.ts' */
/** @import { RouteRow, RouteTable } from '../snapshot.ts' */

import { byId, cell, element, formatWhole, rowHeader, showRows } from './elements.js'

/** Marks requests as those of this page. See client-headers.ts. */
export const PAGE_HEADERS = { 'X-Tollgate-Page': '1' }

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

/** What the units of a class are. @type {Record<ClientBudget['requestClass'], string>} */
const CLASS_LABELS = { read: 'reads', write: 'writes', any: 'requests', preflight: 'preflights' }

/** @param {ClientBudget | undefined} budget */
function budgetCell(budget) {
  if (budget === undefined) return cell('-', 'empty')
  const { remaining, limit, requestClass, plan } = budget
  const meter = element('meter', '')
  meter.max = limit
  meter.low = limit * 0.2
  meter.optimum = limit
  meter.value = remaining
  // The text beside it has the same numbers.
  meter.setAttribute('aria-hidden', 'true')
  const units = `${formatWhole(remaining)} of ${formatWhole(limit)} ${CLASS_LABELS[requestClass]}`
  return element('td', '', meter, plan === undefined ? units : `${units} (${plan})`)
}

/** @param {RankedClient} client */
function clientRow({ client, minCount, maxCount, isBanned, budget }) {
  const count =
    minCount === maxCount ? formatWhole(maxCount) : `${formatWhole(minCount)} to ${formatWhole(maxCount)}`
  return [
    rowHeader(...nameParts(client)),
    cell(count, 'figure'),
    isBanned ? cell('banned', 'bad') : budgetCell(budget),
  ]
}

/** @param {LimiterState} limiter */
export function showClients({ busiest, mostRefused }) {
  showRows('busiest', busiest.map(clientRow), { columns: 3, text: 'No request yet' })
  showRows('most-refused', mostRefused.map(clientRow), { columns: 3, text: 'No client was refused' })
}

/** @param {LimiterState} limiter */
export function showBans({ bans, banCount }) {
  byId('bans-caption', HTMLTableCaptionElement).textContent = bansCaption(bans.length, banCount)
  const rows = bans.map(({ client, endsInSec }) => [
    rowHeader(...nameParts(client)),
    cell(formatDuration(endsInSec)),
  ])
  showRows('bans', rows, { columns: 2, text: 'No client is banned' })
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

/** @param {readonly LimiterState[]} limiters */
export function showStores(limiters) {
  showRows('stores', limiters.map(storeRow), { columns: 9, text: '' })
}

/** @param {LimiterState} limiter */
function storeRow({ name, mode, health, store }) {
  return [
    rowHeader(mode === 'shadow' ? `${name} (shadow)` : name),
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

/** Reads the routes of the app from the server and shows them. */
export async function showRoutes() {
  try {
    const answer = await fetch('routes', { headers: PAGE_HEADERS })
    /** @type {Partial<RouteTable> & { message?: string }} */
    const table = await answer.json()
    const problem = table.problem ?? table.message ?? `The server answered with status ${answer.status}.`
    if (table.routes !== undefined)
      showRows('routes', table.routes.map(routeRow), { columns: 5, text: 'No route' })
    else showRows('routes', [], { columns: 5, text: problem })
  } catch {
    // A server that does not answer is shown by the state of the event stream.
  }
}

/** @param {RouteRow} route */
function routeRow({ method, path, limits, limiters, state, why }) {
  const stateCell = cell(state, state === 'limited' ? 'good' : 'bad')
  stateCell.title = why
  return [cell(method), rowHeader(path), cell(limits), cell(limiters === '' ? '-' : limiters), stateCell]
}
