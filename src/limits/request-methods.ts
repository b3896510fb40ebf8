import type { RequestClass } from './request-class.ts'

/** Methods that only read: the safe methods of RFC 9110, 9.2.1, and QUERY, which is a GET with a body. */
export const READ_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY'])

/** Headers in which a request can ask the app to treat it as a request of another method. */
const OVERRIDE_HEADERS = ['x-http-method-override', 'x-http-method', 'x-method-override'] as const

/** The parts of a request that decide its class. */
export interface ClassifiableRequest {
  readonly method?: string | undefined
  /** The method that the client sent, if a method override has replaced it. */
  readonly originalMethod?: unknown
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

/**
 * Returns a function that decides the class of a request by its method.
 *
 * A method override can change the class: the app has already applied it, or can still apply it. Then the
 * request belongs to the `stricter` class. Otherwise a client could choose the less strict limit with a
 * header, or avoid all limits if one class is not limited.
 */
export function methodClassifier(
  stricter: RequestClass,
): (req: ClassifiableRequest, headers?: ClassifiableRequest['headers']) => RequestClass {
  return function classOfMethod(req, headers = req.headers) {
    const { method = '', originalMethod } = req
    const isRead = READ_METHODS.has(method)
    if (typeof originalMethod === 'string' && READ_METHODS.has(originalMethod) !== isRead) return stricter
    for (const header of OVERRIDE_HEADERS) {
      const override = headers[header]
      if (override !== undefined && !keepsClass(override, isRead)) return stricter
    }
    return isRead ? 'read' : 'write'
  }
}

/** Whether each method in an override header belongs to the class that the request has without the header. */
function keepsClass(override: string | readonly string[], isRead: boolean): boolean {
  return String(override)
    .split(',')
    .every((method) => READ_METHODS.has(method.trim().toUpperCase()) === isRead)
}
