import { type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { warn } from '../errors/warning.ts'
import type { Next } from '../options/rate-limiter-options.ts'
import { jsonBody } from '../response/body.ts'
import { isOpen, sendBody } from '../response/send.ts'

/** The events in which a server hands out a bare socket: WebSocket upgrades and CONNECT. */
const SOCKET_EVENTS: ReadonlySet<string | symbol> = new Set(['upgrade', 'connect'])

/** An upgrade or CONNECT request with its socket, and the Express app of the server, if it has one. */
interface Upgrade {
  readonly req: IncomingMessage
  readonly socket: Socket
  readonly app: ExpressApp | undefined
}

/** What an Express app gives to requests and responses: its settings, and methods such as `req.get`. */
interface ExpressApp {
  readonly handle: unknown
  readonly request?: object
  readonly response?: object
}

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
    admit({ req, socket, app: appOf(this) }, limiter, handOn, fail)
    return true
  }
}

/** Runs the limiter with a response of its own on the socket; `handOn` gets the socket as it was. */
function admit(
  { req, socket, app }: Upgrade,
  limiter: Limiter,
  handOn: () => boolean,
  fail: (res: ServerResponse, error: unknown) => void,
): void {
  // Once a socket is handed out the server listens to its errors no more, and nobody else does yet.
  socket.on('error', ignoreReset)
  const res = responseOn(req, socket)
  if (res === undefined) return
  if (app !== undefined) dress(req, res, app)
  limiter(req, res, (error) => {
    if (error !== undefined && error !== null) {
      fail(res, error)
      return
    }
    if (socket.destroyed) return
    res.detachSocket(socket)
    socket.off('error', ignoreReset)
    // The last handler may have gone while the limiter waited for its store: nobody else would hang up.
    if (!handOn()) socket.destroy()
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
      warn('TOLLGATE_GUARD_FAILED', `An upgrade was refused: ${message}`)
    }
    warned = true
    if (!isOpen(res)) return
    res.statusCode = 500
    sendBody(res, jsonBody({ error: 'internal_error' }))
  }
}

/** The Express app that the server serves requests with. One in a function of its own cannot be seen. */
function appOf(server: Server): ExpressApp | undefined {
  return server
    .listeners('request')
    .map((listener) => listener as unknown as Partial<ExpressApp>)
    .find((listener): listener is ExpressApp => typeof listener.handle === 'function')
}

/**
 * Makes Express's own of a request, as Express does with those that reach it, so that its `trust proxy`
 * counts here too and functions among the options find `req.get` and `res.status` as they know them.
 */
function dress(req: IncomingMessage, res: ServerResponse, { request, response }: ExpressApp): void {
  if (request === undefined || response === undefined) return
  Object.setPrototypeOf(req, request)
  Object.setPrototypeOf(res, response)
  Object.assign(req, { res })
  Object.assign(res, { req })
}
