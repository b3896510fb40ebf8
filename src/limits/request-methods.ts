import { METHODS } from 'node:http'
import { READ_AND_WRITE, type ReadOrWrite } from './request-class.ts'

/** Methods that only read: the safe methods of RFC 9110, 9.2.1, and QUERY, which is a GET with a body. */
export const READ_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY'])

/** The methods that an override can name. Middleware such as method-override ignores any other text. */
const KNOWN_METHODS: ReadonlySet<string> = new Set(METHODS)

/** Headers in which a request can ask the app to treat it as a request of another method. */
const OVERRIDE_HEADERS = ['x-http-method-override', 'x-http-method', 'x-method-override'] as const

/** The parts of a request that decide its class. */
export interface ClassifiableRequest {
  readonly method?: string | undefined
  /** The method that the client sent, if a method override has replaced it. */
  readonly originalMethod?: unknown
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

const READ: readonly ReadOrWrite[] = ['read']
const WRITE: readonly ReadOrWrite[] = ['write']
const WRITE_AND_READ: readonly ReadOrWrite[] = ['write', 'read']

/**
 * The classes that a request is charged to: that of its method, and with a method override that changes the class the
 * other one too. It does not matter whether the app has applied the override already, or can still apply it. So no
 * header chooses the class with more units left, or a class without limits.
 */
export function classesOfMethod(
  req: ClassifiableRequest,
  headers: ClassifiableRequest['headers'] = req.headers,
): readonly ReadOrWrite[] {
  const { method = '', originalMethod } = req
  const isRead = READ_METHODS.has(method)
  if (typeof originalMethod === 'string' && READ_METHODS.has(originalMethod) !== isRead)
    return bothFrom(isRead)
  for (const header of OVERRIDE_HEADERS) {
    const override = headers[header]
    if (override !== undefined && !keepsClass(override, isRead)) return bothFrom(isRead)
  }
  return isRead ? READ : WRITE
}

/**
 * Whether a browser asks if it may send a request of another origin (Fetch, 3.3.2: CORS-preflight request). A request
 * with a method override is none: no browser sends one, and an app could treat it as a request of another method.
 */
export function isPreflight(
  { method, originalMethod = method }: ClassifiableRequest,
  headers: ClassifiableRequest['headers'],
): boolean {
  if (method !== 'OPTIONS' || originalMethod !== method) return false
  if (!headers.origin || !headers['access-control-request-method']) return false
  return OVERRIDE_HEADERS.every((header) => headers[header] === undefined)
}

/** Both classes, the one of the method first. */
function bothFrom(isRead: boolean): readonly ReadOrWrite[] {
  return isRead ? READ_AND_WRITE : WRITE_AND_READ
}

/** A class as a list, without making one for each request. */
export function classesOf(requestClass: ReadOrWrite): readonly ReadOrWrite[] {
  return requestClass === 'read' ? READ : WRITE
}

/**
 * Whether each method in an override header belongs to the class that the request has without the header. An empty
 * text, and one that is no method, overrides nothing.
 */
function keepsClass(override: string | readonly string[], isRead: boolean): boolean {
  return String(override)
    .split(',')
    .map((method) => method.trim().toUpperCase())
    .every((method) => !KNOWN_METHODS.has(method) || READ_METHODS.has(method) === isRead)
}
