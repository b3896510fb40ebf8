import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { rejectOption } from '../errors/option-checks.ts'

/** What requests of HTTP/2 have beside the properties of an `IncomingMessage`. */
export const HTTP2_NAMES: readonly string[] = ['authority', 'scheme', 'stream']

/**
 * What Express 4 and 5 add to the requests of an app. A test compares this list with requests that each version
 * serves.
 */
export const EXPRESS_NAMES: readonly string[] = [
  'accepts acceptsCharset acceptsCharsets acceptsEncoding acceptsEncodings acceptsLanguage acceptsLanguages app baseUrl',
  'body fresh get header host hostname ip ips is length next originalUrl param params path protocol query range res',
  'route secure stale subdomains xhr _body _parsedUrl',
].flatMap((names) => names.split(' '))

/**
 * What other middleware keeps on a request. It skips its work if the name is taken (`session`, `cookies`), or handlers
 * believe that a value is from it: `req.user` of Passport means that somebody has logged in.
 */
const MIDDLEWARE_NAMES =
  'cookies secret signedCookies session sessionID sessionStore user auth file files id log'.split(' ')

const TAKEN_NAMES: ReadonlySet<string> = new Set([...HTTP2_NAMES, ...EXPRESS_NAMES, ...MIDDLEWARE_NAMES])

/** Throws unless `name` can be the name of a property that requests do not have yet. */
export function checkRequestPropertyName(name: unknown): string {
  const remedy = "Give a name such as 'rateLimit'."
  if (typeof name !== 'string' || name === '') {
    return rejectOption('requestPropertyName', name, 'takes the name of a property', remedy)
  }
  if (!isTaken(name)) return name
  return rejectOption(
    'requestPropertyName',
    name,
    'takes a name that Node, Express and common middleware do not use on requests',
    remedy,
  )
}

/** A new request shows the names of this version of Node, those of its streams and events included. */
function isTaken(name: string): boolean {
  return TAKEN_NAMES.has(name) || name in new IncomingMessage(new Socket())
}
