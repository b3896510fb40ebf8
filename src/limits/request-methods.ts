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
 * The class of a request by its method. With a method override, the stricter of both methods, whether the
 * override has been carried out already or is yet to come: otherwise a write could pass as a read.
 */
export function classOfMethod(req: ClassifiableRequest): RequestClass {
  if (!READ_METHODS.has(req.method ?? '')) return 'write'
  if (typeof req.originalMethod === 'string' && !READ_METHODS.has(req.originalMethod)) return 'write'
  for (const header of OVERRIDE_HEADERS) {
    const override = req.headers[header]
    if (override !== undefined && !isRead(override)) return 'write'
  }
  return 'read'
}

function isRead(override: string | readonly string[]): boolean {
  return String(override)
    .split(',')
    .every((method) => READ_METHODS.has(method.trim().toUpperCase()))
}
