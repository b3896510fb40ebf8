import type { Server } from 'node:http'
import type { LimiterDescription } from './limiter-description.ts'

/** Property under which a guarded server carries its guards. Registered by name, for other copies of this library. */
const GUARDS: unique symbol = Symbol.for('express-tollgate.guards')

/** A limiter that charges everything that a server answers. */
export interface Guard {
  readonly limiter: LimiterDescription
  /** The app of the server, as far as it was known when the guard was added. */
  readonly app: unknown
}

interface GuardedServer {
  [GUARDS]?: readonly Guard[]
}

/** Notes on a server that a limiter guards it. */
export function noteGuard(server: object, guard: Guard): void {
  const guards = [...((server as GuardedServer)[GUARDS] ?? []), guard]
  Object.defineProperty(server, GUARDS, { value: guards, configurable: true, enumerable: false })
}

/** The guards of a server, in the order in which they charge. */
export function guardsOf(server: object): readonly Guard[] {
  // A guard that is added later wraps the others, and so charges first.
  return [...((server as GuardedServer)[GUARDS] ?? [])].reverse()
}

/** Whether something is a server of node:http or node:https. Those of node:http2 are not. */
export function isHttpServer(candidate: unknown): candidate is Server {
  if (typeof candidate !== 'object' || candidate === null) return false
  // A server of node:net has no such method.
  const { emit, closeAllConnections } = candidate as Partial<Server>
  return typeof emit === 'function' && typeof closeAllConnections === 'function' && !isHttp2Server(candidate)
}

/** Whether a server is one of node:http2: only these have this method. */
export function isHttp2Server(server: object): boolean {
  return typeof (server as { updateSettings?: unknown }).updateSettings === 'function'
}

/** The events in which a server hands out a request with its response. */
export const REQUEST_EVENTS = ['request', 'checkContinue', 'checkExpectation'] as const

/** The events in which a server hands out a bare socket: WebSocket upgrades and CONNECT. */
export const SOCKET_EVENTS = ['upgrade', 'connect'] as const
