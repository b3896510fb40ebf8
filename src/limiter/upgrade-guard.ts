import { type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { warn } from '../errors/warning.ts'
import { jsonBody, sendBody } from '../response/body.ts'
import type { Next } from '../response/next.ts'
import { isOpen } from '../response/response-head.ts'

/** The events in which a server hands out a bare socket: WebSocket upgrades and CONNECT. */
const SOCKET_EVENTS: ReadonlySet<string | symbol> = new Set(['upgrade', 'connect'])

/** An upgrade or CONNECT request with its socket, and the Express app of the server where it has one. */
interface SocketRequest {
  readonly req: IncomingMessage
  readonly socket: Socket
  readonly app: ExpressApp | undefined
}

/** The prototypes that an Express app gives to requests and responses, with its settings and methods such as `req.get`. */
interface ExpressApp {
  readonly handle: unknown
  readonly request?: object
  readonly response?: object
}

type Limiter = (req: IncomingMessage, res: ServerResponse, next: Next) => void

/**
 * Charges upgrades and CONNECT requests before any handler of the server gets them.
 *
 * It replaces `emit`, because a listener cannot run before a listener that `prependListener` adds later, and cannot
 * keep an event from other listeners.
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

/** Runs the limiter with a response of its own on the socket. `handOn` gets the socket unchanged. */
function admit(
  { req, socket, app }: SocketRequest,
  limiter: Limiter,
  handOn: () => boolean,
  fail: (res: ServerResponse, error: unknown) => void,
): void {
  // From now on the server does not listen to errors of the socket any more, and no handler listens yet.
  socket.on('error', ignoreReset)
  const res = responseOn(req, socket)
  if (res === undefined) return
  if (app !== undefined) applyAppPrototypes(req, res, app)
  limiter(req, res, (error) => {
    if (error !== undefined && error !== null) {
      fail(res, error)
      return
    }
    if (socket.destroyed) return
    res.detachSocket(socket)
    socket.off('error', ignoreReset)
    // The last handler may have been removed while the limiter waited for its store. Then nobody else closes the socket.
    if (!handOn()) socket.destroy()
  })
}

function ignoreReset(): void {
  // The client is gone. What was to be written to it is not needed any more.
}

/**
 * A response that writes to the socket and closes it. Undefined, with the socket destroyed, for an upgrade that was
 * pipelined behind a request whose response is not sent yet. No client has a reason to do that, and the client would
 * take everything that is written now, by a limiter or a handler, for that response.
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

/** There is no app to hand an error to: the client gets status 500, and a warning names the error once. */
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

/** The Express app that is a request listener of the server. An app that a function calls is not found. */
function appOf(server: Server): ExpressApp | undefined {
  return server
    .listeners('request')
    .map((listener) => listener as unknown as Partial<ExpressApp>)
    .find((listener): listener is ExpressApp => typeof listener.handle === 'function')
}

/**
 * Gives the request and the response the prototypes of the app, as Express does with the requests that it handles.
 * So the app's `trust proxy` counts here too, and functions among the options find `req.get` and `res.status`.
 */
function applyAppPrototypes(
  req: IncomingMessage,
  res: ServerResponse,
  { request, response }: ExpressApp,
): void {
  if (request === undefined || response === undefined) return
  Object.setPrototypeOf(req, request)
  Object.setPrototypeOf(res, response)
  Object.assign(req, { res })
  Object.assign(res, { req })
}
