import { METHODS } from 'node:http'
import { isIP } from 'node:net'
import { shorten } from './log-entry.ts'

/** What every format has to tell of a request, as text. */
export interface RequestParts {
  readonly method: string
  readonly target: string
}

/** Answered in place of {@link RequestParts} where there are none. */
export interface Unreadable {
  readonly unreadable: string
}

const KNOWN_METHODS: ReadonlySet<string> = new Set(METHODS)
const REQUEST_LINE = /^(\S+) (\S+)(?: HTTP\/\d(?:\.\d)?)?$/

/** A path, a whole URL as proxies get it, or the asterisk of OPTIONS; bytes that a request line can hold. */
const TARGET = /^(?:\/|https?:\/\/|\*$)[\x21-\x7e\x80-\xff]*$/

/** Reads a request line. Those that no HTTP server hands on (scans, broken TLS) never reach a limiter. */
export function readRequestLine(line: string): RequestParts | Unreadable {
  const found = REQUEST_LINE.exec(line)
  if (found === null) return { unreadable: `the request '${shorten(line)}' is not method, path and version` }
  return checkParts(found[1] ?? '', found[2] ?? '')
}

/** A method and a target, unless no HTTP server would hand such a request on. */
export function checkParts(method: string, target: string): RequestParts | Unreadable {
  if (!KNOWN_METHODS.has(method)) return { unreadable: `nobody knows the method '${shorten(method)}'` }
  if (method === 'CONNECT') return { unreadable: 'CONNECT asks for a tunnel, not for a path' }
  if (!TARGET.test(target)) return { unreadable: `the path '${shorten(target)}' cannot be sent` }
  return { method, target }
}

/** How nginx writes a client that came over a Unix socket; the middleware takes it for a peer on this machine. */
const UNIX_SOCKET = 'unix:'

/** The address of a log, or undefined where the text is none. */
export function readAddress(text: string): string | undefined {
  if (isIP(text) !== 0) return text
  return text === UNIX_SOCKET ? '127.0.0.1' : undefined
}

/** The value of a header in a log; both servers write `-` where a request had none. */
export function readHeaderValue(text: unknown): string | undefined {
  return typeof text === 'string' && text !== '-' && text !== '' ? text : undefined
}
