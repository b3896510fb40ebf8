import type { Server } from 'node:http'
import { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import { guardsOf, REQUEST_EVENTS, SOCKET_EVENTS } from '../../limits/guarded-server.ts'
import { UNKNOWN_APP } from './not-proven-reasons.ts'
import { type PlacedLimiter, placeLimiter } from './placed-limiter.ts'
import { OTHER_METHOD } from './route-handlers.ts'
import { routerOfApp, type StackFunction } from './router-stack.ts'
import { scanApp } from './scan-app.ts'
import type { AuditRun } from './scan-state.ts'
import { routeEntry } from './verdict.ts'

/** The events that a guard stands before. For each of them an app may listen too. */
const GUARDED_EVENTS = [...REQUEST_EVENTS, ...SOCKET_EVENTS] as const

interface Listener {
  readonly event: (typeof GUARDED_EVENTS)[number]
  readonly name: string
  readonly callback: unknown
}

/**
 * Lists what answers the requests of a server: listeners that are no app, then the routes of the apps.
 *
 * @param givenApp the app of the server, undefined where the caller does not know it
 * @throws RateLimiterError `invalid_option` for a server that nobody listens to, and for an app that is none
 */
export function scanServer(server: Server, givenApp: unknown, run: AuditRun): void {
  const listeners = GUARDED_EVENTS.flatMap((event) => listenersOf(server, event))
  const guards = guardsOf(server)
  const known = [...listeners.map(({ callback }) => callback), ...guards.map(({ app }) => app)]
  const apps = new Set(known.filter((one) => routerOfApp(one) !== undefined))
  if (givenApp !== undefined) apps.add(givenApp)
  if (listeners.length === 0) throw unusedServer()
  const limiters = guards.map(({ limiter }) => placeGuard(limiter))
  for (const listener of listeners) {
    if (!apps.has(listener.callback)) listListener(listener, limiters, run)
  }
  if (apps.size === 0) listUnknownApp(run)
  for (const app of apps) scanApp(app, limiters, run)
}

function listenersOf(server: Server, event: Listener['event']): readonly Listener[] {
  return server.listeners(event).map((listener) => ({ event, name: listener.name, callback: listener }))
}

/** A guard charges everything, so no error, no path and no router lets a request get past it. */
function placeGuard(description: PlacedLimiter['description']): PlacedLimiter {
  return placeLimiter({
    description,
    depth: 0,
    pattern: undefined,
    isSkippedAfterError: false,
    routerLeaver: undefined,
    notProvenReason: undefined,
  })
}

function listListener(
  { event, name, callback }: Listener,
  limiters: readonly PlacedLimiter[],
  { entries, trustSkip }: AuditRun,
): void {
  const method = event === 'connect' ? 'CONNECT' : 'ALL'
  const entry = routeEntry(
    {
      method,
      path: name === '' ? `(${event} listener)` : `(${event} listener ${name})`,
      kind: 'listener',
      requestMethods: [method === 'ALL' ? OTHER_METHOD : method],
      routePath: [],
      limiters,
      handler: callback as StackFunction,
    },
    trustSkip,
  )
  entries.push(entry)
}

/** An entry of its own, so that an exception for the listener does not hide the routes of an app that it may call. */
function listUnknownApp({ entries }: AuditRun): void {
  const listener = entries.find(({ path, state }) => path.startsWith('(request ') && state === 'not-proven')
  if (listener !== undefined) entries.push({ ...listener, path: '(app not found)', why: UNKNOWN_APP })
}

function unusedServer(): RateLimiterError {
  return new RateLimiterError({
    code: 'invalid_option',
    option: 'app',
    problem: 'is a server without listeners, which answers no request',
    remedy: 'Audit it when the app, Socket.IO and everything else is attached.',
  })
}
