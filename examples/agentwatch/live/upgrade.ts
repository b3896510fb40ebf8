import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { RateLimitInfo } from 'express-tollgate'
import type { Watch } from '../domain/watch.ts'
import { identify } from '../http/identity.ts'
import { answerTo, type ProblemAnswer } from '../http/problem-response.ts'
import { Problem, shorten } from '../problem.ts'
import type { EventStream, StreamFilter } from './event-stream.ts'

/** The path of the stream of events. */
export const STREAM_PATH = '/ws/events'

/** Connects WebSocket upgrades to the stream. Other upgrades get a complete HTTP response on the socket. */
export function handleUpgrades(
  server: Server,
  stream: EventStream,
  watch: Watch,
  operatorKey: string | undefined,
): void {
  server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    try {
      const filter = checkUpgrade(req, watch, operatorKey)
      if (stream.isFull) refuse(req, socket, FULL)
      else stream.accept(req, socket, head, filter)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      refuse(req, socket, answerTo(error.details))
    }
  })
}

const FULL: ProblemAnswer = {
  status: 503,
  body: {
    error: 'full',
    message: 'The stream has its maximum number of clients.',
    remedy: 'Try again later.',
  },
}

function checkUpgrade(req: IncomingMessage, watch: Watch, operatorKey: string | undefined): StreamFilter {
  checkProtocol(req)
  const url = urlOf(req)
  const { tenantId: viewer } = identify(req.headers, watch, operatorKey)
  if (url?.pathname !== STREAM_PATH) {
    throw new Problem({
      kind: 'not_found',
      message: `There is no WebSocket at ${shorten(url?.pathname ?? req.url ?? '')}.`,
      remedy: `The stream of events is at ${STREAM_PATH}.`,
    })
  }
  checkOrigin(req)
  const sessionId = url.searchParams.get('sessionId')
  if (sessionId !== null) watch.sessions.get(sessionId, viewer)
  return { viewer, sessionId }
}

/** Some clients offer HTTP/2 with their first request (h2c). The answer asks them to use HTTP/1.1. */
function checkProtocol({ headers }: IncomingMessage): void {
  const { upgrade = '' } = headers
  if (upgrade.toLowerCase() === 'websocket') return
  throw new Problem({
    kind: 'invalid',
    message: `The header Upgrade must be websocket, got "${shorten(upgrade)}".`,
    remedy: 'Send other requests in HTTP/1.1 without the header Upgrade.',
    field: 'Upgrade',
    value: shorten(upgrade),
  })
}

/** A browser opens WebSockets for any page. A page of another origin must not read the stream. */
function checkOrigin({ headers }: IncomingMessage): void {
  const { origin, host } = headers
  if (origin === undefined || (URL.canParse(origin) && new URL(origin).host === host)) return
  throw new Problem({
    kind: 'forbidden',
    message: 'Pages of another origin cannot read the stream.',
    remedy: 'Connect from a page of this server, or from a program that sends no Origin.',
  })
}

function urlOf({ url = '' }: IncomingMessage): URL | undefined {
  return URL.canParse(url, 'http://localhost') ? new URL(url, 'http://localhost') : undefined
}

function refuse(req: IncomingMessage, socket: Duplex, { status, body }: ProblemAnswer): void {
  const text = JSON.stringify(body)
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(text)}`,
    ...(status === 401 ? ['WWW-Authenticate: Bearer'] : []),
    ...limitHeaders(req),
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}`)
}

/** The headers of the limiter. It has allowed the upgrade, and has set `rateLimit` on the request. */
function limitHeaders(req: IncomingMessage & { readonly rateLimit?: RateLimitInfo }): string[] {
  if (req.rateLimit === undefined) return []
  const { limit, remaining, resetTime } = req.rateLimit
  return [
    `X-RateLimit-Limit: ${limit}`,
    `X-RateLimit-Remaining: ${remaining}`,
    `X-RateLimit-Reset: ${Math.ceil(resetTime.getTime() / 1000)}`,
  ]
}
