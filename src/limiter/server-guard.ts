import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { checkFlag, checkNames, rejectOption } from '../errors/option-checks.ts'
import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import { warn } from '../errors/warning.ts'
import { isHttp2Server, isHttpServer, REQUEST_EVENTS, SOCKET_EVENTS } from '../limits/guarded-server.ts'
import { isDynamic, limitedPolicies, optionOf } from '../limits/policy.ts'
import type { Settings } from '../options/settings.ts'
import { jsonBody, sendBody } from '../response/body.ts'
import type { Next } from '../response/next.ts'
import { isOpen } from '../response/response-head.ts'
import { responseOnSocket } from '../response/socket-response.ts'
import {
  applyAppPrototypes,
  appOf,
  type ExpressApp,
  failInApp,
  type GuardedApp,
  isExpressApp,
} from './express-app.ts'
import { finishWithAnswerOn } from './socket-answer.ts'

/** Options of `limiter.guard`. */
export interface GuardOptions {
  /**
   * Whether functions among the limiter's options (`plan`, `keyGenerator`, `cost`, `skip`, limits that are functions) may run
   * before any middleware of the app. They find no `req.user`, no session and no parsed body. Default: false, and a
   * limiter with such functions is an error.
   */
  readonly beforeMiddleware?: boolean | undefined
}

const requestEvents: ReadonlySet<string | symbol> = new Set(REQUEST_EVENTS)
const socketEvents: ReadonlySet<string | symbol> = new Set(SOCKET_EVENTS)

/**
 * The function that a limiter is. The functions among its options may need a request of Express: whoever mounts it knows
 * whether it gets one.
 */
export type LimiterFunction = (req: IncomingMessage, res: ServerResponse, next: Next) => void

type AnswerFailure = (res: ServerResponse, error: unknown) => void

/** What the guard does with the requests of a server. */
export interface GuardParts {
  readonly limiter: LimiterFunction
  /** Whether the limiter gives charges back that depend on the answer. */
  readonly needsAnswers: boolean
}

/** What the guard does with one request: `handOn` emits the event to the server's own listeners. */
interface GuardedRequest {
  readonly req: IncomingMessage
  readonly app: ExpressApp | undefined
  readonly handOn: () => boolean
}

/**
 * Charges everything that a server answers, before any listener of the server gets it: requests, upgrades, CONNECT.
 *
 * It replaces `emit`, because a listener cannot run before a listener that is added later with `prependListener`, and
 * cannot keep an event from other listeners. Socket.IO, for one, removes the listeners of `request` and adds its own.
 *
 * @returns the app of the server, if it is given or is a listener now
 */
export function guardServer(server: Server, givenApp: GuardedApp | undefined, parts: GuardParts): unknown {
  const emit = server.emit
  const answerFailure = failureAnswerer()
  // Remembered from now on: another library may hide the app's listener later.
  let app = isExpressApp(givenApp) ? givenApp : appOf(server)
  server.emit = function guardedEmit(this: Server, event: string | symbol, ...args: unknown[]): boolean {
    const handOn = (): boolean => Reflect.apply(emit, this, [event, ...args]) as boolean
    if (!requestEvents.has(event) && !socketEvents.has(event)) return handOn()
    app ??= appOf(this)
    const [req, target] = args as [IncomingMessage, ServerResponse | Socket]
    const guarded = { req, app, handOn }
    if (requestEvents.has(event)) chargeRequest(guarded, target as ServerResponse, parts, answerFailure)
    else chargeSocket(guarded, target as Socket, parts, answerFailure)
    return true
  }
  return app
}

/** Throws unless the server and the app are what they must be, and the limiter can charge before any middleware. */
export function checkGuard<Req extends IncomingMessage, Res extends ServerResponse>(
  server: unknown,
  app: unknown,
  options: GuardOptions,
  settings: Settings<Req, Res>,
): void {
  const { beforeMiddleware } = checkNames('guard', options, ['beforeMiddleware'])
  const runsBefore = checkFlag('guard.beforeMiddleware', beforeMiddleware, false)
  checkServer(server)
  if (app !== undefined && !isExpressApp(app)) {
    rejectOption(
      'app',
      app,
      'takes the Express app of the server',
      'Give what express() returned, which a router is not, or leave it out.',
    )
  }
  const needsMiddleware = optionsOfRequests(settings)
  if (runsBefore || needsMiddleware.length === 0) return
  throw new RateLimiterError({
    code: 'impossible_combination',
    option: needsMiddleware.join(', '),
    problem: 'may need what middleware of the app provides, and guard() charges before any middleware runs',
    remedy:
      "Guard the server with a limiter by address, such as createRateLimiter({ name: 'server' }). Where the function needs no middleware, pass { beforeMiddleware: true } as the third argument.",
  })
}

/** Throws unless it is a server of node:http or node:https. */
function checkServer(server: unknown): void {
  if (isHttpServer(server)) return
  if (isHttp2Server(Object(server))) {
    throw new RateLimiterError({
      code: 'invalid_option',
      option: 'server',
      problem: 'is a server of node:http2, which guard() does not support',
      remedy:
        'Call the limiter in front of your handler: (req, res) => limiter(req, res, () => handler(req, res)). Or let a proxy speak HTTP/2 and forward HTTP/1.1.',
    })
  }
  rejectOption(
    'server',
    server,
    'takes a server of node:http or node:https',
    'Give what app.listen() returns.',
  )
}

/** The options whose functions are called for each request. */
function optionsOfRequests<Req extends IncomingMessage, Res extends ServerResponse>({
  plan,
  plans,
  keyGenerator,
  cost,
  skip,
}: Settings<Req, Res>): string[] {
  const functions = { plan, keyGenerator, cost, skip }
  const named = Object.entries(functions).filter(([, value]) => value !== undefined)
  return [...named.map(([name]) => name), ...limitedPolicies(plans).filter(isDynamic).map(optionOf)]
}

function chargeRequest(
  { req, app, handOn }: GuardedRequest,
  res: ServerResponse,
  { limiter }: GuardParts,
  answerFailure: AnswerFailure,
): void {
  if (app !== undefined) applyAppPrototypes(req, res, app)
  limiter(req, res, (error) => {
    if (error !== undefined && error !== null) {
      if (app === undefined || !failInApp(error, req, res, app)) answerFailure(res, error)
    }
    // The last listener may have been removed while the limiter waited for its store. Then nobody else answers.
    else if (!handOn() && isOpen(res)) res.destroy()
  })
}

/** Runs the limiter with a response of its own on the socket. `handOn` gets the socket unchanged. */
function chargeSocket(
  { req, app, handOn }: GuardedRequest,
  socket: Socket,
  { limiter, needsAnswers }: GuardParts,
  answerFailure: AnswerFailure,
): void {
  // From now on the server does not listen to errors of the socket any more, and no handler listens yet.
  socket.on('error', ignoreReset)
  const res = responseOnSocket(req, socket)
  if (res === undefined) return
  if (app !== undefined) applyAppPrototypes(req, res, app)
  limiter(req, res, (error) => {
    if (error !== undefined && error !== null) {
      answerFailure(res, error)
      return
    }
    if (socket.destroyed) return
    // A handler hears of it no more, and would keep the socket for ever.
    if (socket.readableEnded) {
      socket.destroy()
      return
    }
    res.detachSocket(socket)
    socket.off('error', ignoreReset)
    if (needsAnswers) finishWithAnswerOn(socket, res)
    // The last handler may have been removed while the limiter waited for its store. Then nobody else closes the socket.
    if (!handOn()) socket.destroy()
  })
}

function ignoreReset(): void {
  // The client is gone. What was to be written to it is not needed any more.
}

/** Without an app that takes the error, the client gets status 500, and a warning names the error once. */
function failureAnswerer(): AnswerFailure {
  let warned = false
  return (res, error) => {
    if (!warned) {
      const message = error instanceof Error ? error.message : String(error)
      warn(
        'TOLLGATE_GUARD_FAILED',
        `The guard of a server refused a request, since the limiter failed: ${message}`,
      )
    }
    warned = true
    if (!isOpen(res)) return
    res.statusCode = 500
    sendBody(res, jsonBody({ error: 'internal_error' }))
  }
}
