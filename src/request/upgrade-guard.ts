import { type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { warn } from '../errors/warning.ts'
import type { Next } from '../options/rate-limiter-options.ts'
import { jsonBody } from '../response/body.ts'
import { isOpen, sendBody } from '../response/send.ts'

/** The events in which a server hands out a bare socket: WebSocket upgrades and CONNECT. */
const SOCKET_EVENTS: ReadonlySet<string | symbol> = new Set(['upgrade', 'connect'])

type Limiter = (req: IncomingMessage, res: ServerResponse, next: Next) => void

/**
 * Lets the limiter see upgrades and CONNECT requests before any handler of the server does.
 *
 * It stands in `emit` itself, because a listener can neither run before those that were added with
 * `prependListener` later, nor keep an event from them.
 */
export function guardUpgrades(server: Server, limiter: Limiter): void {
  const emit = server.emit
  const fail = failureAnswerer()
  server.emit = function guardedEmit(this: Server, event: string | symbol, ...args: unknown[]): boolean {
    const handOn = (): boolean => Reflect.apply(emit, this, [event, ...args]) as boolean
    if (!SOCKET_EVENTS.has(event)) return handOn()
    const [req, socket] = args as [IncomingMessage, Socket]
    adoptApp(this, req)
    admit(req, socket, limiter, handOn, fail)
    return true
  }
}

/** Runs the limiter with a response of its own on the socket; `handOn` gets the socket as it was. */
function admit(
  req: IncomingMessage,
  socket: Socket,
  limiter: Limiter,
  handOn: () => void,
  fail: (res: ServerResponse, error: unknown) => void,
): void {
  // Once a socket is handed out the server listens to its errors no more, and nobody else does yet.
  socket.on('error', ignoreReset)
  const res = responseOn(req, socket)
  if (res === undefined) return
  limiter(req, res, (error) => {
    if (error !== undefined && error !== null) {
      fail(res, error)
      return
    }
    if (socket.destroyed) return
    res.detachSocket(socket)
    socket.off('error', ignoreReset)
    handOn()
  })
}

function ignoreReset(): void {
  // The client has gone; whatever was to be written to it is of no use to anybody.
}

/**
 * A response that writes to the socket and closes it. Undefined, with the socket cut off, for an upgrade
 * that was pipelined behind a request whose response is not out yet: no client has reason to do that, and
 * whatever was written now, by a limiter or a handler, would be taken for that response.
 */
function responseOn(req: IncomingMessage, socket: Socket): ServerResponse | undefined {
  const res = new ServerResponse(req)
  res.shouldKeepAlive = false
  res.once('finish', () => socket.destroySoon())
  try {
    res.assignSocket(socket)
    return res
  } catch {
    socket.destroy()
    return undefined
  }
}

/**
 * There is no app to hand an error to: the client is told that it is not its fault, and the operator, once,
 * what it was.
 */
function failureAnswerer(): (res: ServerResponse, error: unknown) => void {
  let warned = false
  return (res, error) => {
    if (!warned) {
      const message = error instanceof Error ? error.message : String(error)
      warn('TOLLGATE_GUARD_FAILED', `An upgrade was refused because the limiter failed: ${message}`)
    }
    warned = true
    if (!isOpen(res)) return
    res.statusCode = 500
    sendBody(res, jsonBody({ error: 'internal_error' }))
  }
}

/** Express puts itself on requests, not on upgrades; its `trust proxy` counts for both. */
function adoptApp(server: Server, req: IncomingMessage): void {
  const carrier = req as { app?: unknown }
  carrier.app ??= server
    .listeners('request')
    .find((listener) => typeof (listener as { handle?: unknown }).handle === 'function')
}
