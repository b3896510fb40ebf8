import type { RequestClass } from './request-class.ts'

/** Methods that only read (safe methods of RFC 9110, 9.2.1, and QUERY, a GET with a body). */
const READ_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY'])

/** Headers in which a request asks to be taken for another method. */
const OVERRIDE_HEADERS = ['x-http-method-override', 'x-http-method', 'x-method-override'] as const

/** What the class of a request depends on. */
export interface ClassifiableRequest {
  readonly method?: string | undefined
  /** The method as it was sent, where a method override has replaced it. */
  readonly originalMethod?: unknown
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

/**
 * Sorts requests into classes by their methods. A method override that would change the class, whether it
 * has been carried out already or may be yet, makes a request one of the `stricter` class: otherwise a
 * header would choose the laxer limit, or none where one class is not limited.
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
      if (override !== undefined && !agrees(override, isRead)) return stricter
    }
    return isRead ? 'read' : 'write'
  }
}

/** Whether every method that an override names is of the class that the request has without it. */
function agrees(override: string | readonly string[], isRead: boolean): boolean {
  return String(override)
    .split(',')
    .every((method) => READ_METHODS.has(method.trim().toUpperCase()) === isRead)
}
