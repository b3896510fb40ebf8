import { METHODS } from 'node:http'
import { isIP } from 'node:net'
import { shorten, type Unreadable } from './log-entry.ts'

export interface RequestParts {
  readonly method: string
  readonly target: string
}

const KNOWN_METHODS: ReadonlySet<string> = new Set(METHODS)
const REQUEST_LINE = /^(\S+) (\S+)(?: HTTP\/\d(?:\.\d)?)?$/

/**
 * A path, a whole URL as proxies get it, or the asterisk of OPTIONS; only bytes that a request line can hold.
 */
const TARGET = /^(?:\/|https?:\/\/|\*$)[\x21-\x7e\x80-\xff]*$/

/** Parses a request line. */
export function parseRequestLine(line: string): RequestParts | Unreadable {
  const found = REQUEST_LINE.exec(line)
  if (found === null) return noRequest(`the request '${shorten(line)}' is not method, path and version`)
  return checkParts(found[1] ?? '', found[2] ?? '')
}

/** Rejects requests that no HTTP server passes to an app (scans, broken TLS): no limiter would see them. */
export function checkParts(method: string, target: string): RequestParts | Unreadable {
  if (!KNOWN_METHODS.has(method)) return noRequest(`the method '${shorten(method)}' is unknown`)
  if (method === 'CONNECT') return noRequest('CONNECT asks for a tunnel, not for a path')
  if (!TARGET.test(target)) return noRequest(`the path '${shorten(target)}' is invalid`)
  return { method, target }
}

function noRequest(unreadable: string): Unreadable {
  return { unreadable, inKnownFormat: true }
}

const ORIGIN = /^https?:\/\/[^/?#]*/

/**
 * The same request without scheme and host in its target. Load balancers log the whole URL, although the
 * client sent a path.
 */
export function withoutOrigin(request: RequestParts | Unreadable): RequestParts | Unreadable {
  if ('unreadable' in request) return request
  const path = request.target.replace(ORIGIN, '')
  const target = path.startsWith('/') || path === '*' ? path : `/${path}`
  return { method: request.method, target }
}

/**
 * What nginx and HAProxy log for a client of a Unix socket. The middleware takes such a client for 127.0.0.1.
 */
const UNIX_SOCKETS: readonly string[] = ['unix:', 'unix']

/** The client address; undefined where the text is none. */
export function parseAddress(text: string): string | undefined {
  if (isIP(text) !== 0) return text
  return UNIX_SOCKETS.includes(text) ? '127.0.0.1' : undefined
}

/** The address of `address:port` or `[address]:port`; undefined for anything else. */
export function parseAddressAndPort(text: string): string | undefined {
  const colon = text.lastIndexOf(':')
  if (colon <= 0) return undefined
  const isBracketed = text.startsWith('[') && text[colon - 1] === ']'
  return parseAddress(isBracketed ? text.slice(1, colon - 1) : text.slice(0, colon))
}

/** The reason why the value of a field is not the address of a client. */
export function noAddress(field: string, value: unknown): Unreadable {
  if (value === undefined) return { unreadable: `no ${field}` }
  return { unreadable: `the ${field} '${shorten(String(value))}' is not an IP address` }
}

/** The value of a header. Apache and nginx log `-` where the request did not have the header. */
export function parseHeaderValue(text: unknown): string | undefined {
  return typeof text === 'string' && text !== '-' && text !== '' ? text : undefined
}

/** The status of a response. Load balancers log `-`, `-1`, `0` or `000` where there was no response. */
export function parseStatus(value: unknown): number | undefined {
  const status = Number(value)
  return Number.isInteger(status) && status >= 100 ? status : undefined
}
