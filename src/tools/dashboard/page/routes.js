/** @import { RouteRow, RouteTable } from '../snapshot.ts' */

import { byId, cell, formatWhole, rowHeader, showRows } from './elements.js'

/** Marks requests as those of this page. See client-headers.ts. */
export const PAGE_HEADERS = { 'X-Tollgate-Page': '1' }

/** Reads the routes of the app from the server and shows them. */
export async function showRoutes() {
  try {
    const answer = await fetch('routes', { headers: PAGE_HEADERS })
    /** @type {Partial<RouteTable> & { message?: string }} */
    const { routes, problem, message } = await answer.json()
    if (routes !== undefined) show(routes)
    else showMessage(problem ?? message ?? `The server answered with status ${answer.status}.`)
  } catch {
    // A server that does not answer is shown by the state of the event stream.
  }
}

/**
 * The routes that are not proven to be limited come first. The others are counted, and their list is folded.
 *
 * @param {readonly RouteRow[]} routes
 */
function show(routes) {
  const limited = routes.filter(({ state }) => state === 'limited')
  const others = routes
    .filter(({ state }) => state !== 'limited')
    .sort((one, other) => Number(other.state === 'unlimited') - Number(one.state === 'unlimited'))
  showMessage('')
  byId('open-routes-table', HTMLTableElement).hidden = others.length === 0
  byId('limited-routes', HTMLDetailsElement).hidden = false
  byId('routes-summary', HTMLElement).textContent =
    `${formatWhole(limited.length)} of ${formatWhole(routes.length)} routes limited`
  const ifEmpty = { columns: 4, text: 'No route' }
  showRows('open-routes', others.map(openRow), ifEmpty)
  showRows('routes', limited.map(limitedRow), ifEmpty)
}

/** @param {string} text empty for none */
function showMessage(text) {
  const shown = byId('routes-message', HTMLElement)
  shown.textContent = text
  shown.hidden = text === ''
}

/** @param {RouteRow} route */
function openRow({ method, path, state, why }) {
  return [cell(method), rowHeader(path), cell(state.replace('-', ' '), 'bad'), cell(why)]
}

/** @param {RouteRow} route */
function limitedRow({ method, path, limits, limiters }) {
  return [cell(method), rowHeader(path), cell(limits), cell(limiters)]
}
