import type { ErrorRequestHandler, RequestHandler } from 'express'
import { Problem, type ProblemDetails, type ProblemKind, shorten } from '../problem.ts'

/** The status of each kind of problem, and its code for programs. */
const ANSWERS: Readonly<Record<ProblemKind, { readonly status: number; readonly error: string }>> = {
  invalid: { status: 400, error: 'invalid_request' },
  unauthorized: { status: 401, error: 'unauthorized' },
  forbidden: { status: 403, error: 'forbidden' },
  not_found: { status: 404, error: 'not_found' },
  conflict: { status: 409, error: 'conflict' },
}

/** The answer to a request that failed. */
export interface ProblemAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** The answer to a problem. */
export function answerTo({ kind, ...details }: ProblemDetails): ProblemAnswer {
  const { status, error } = ANSWERS[kind]
  return { status, body: { error, ...details } }
}

/** Answers requests that match no route. */
export const unknownRoute: RequestHandler = (req) => {
  throw new Problem({
    kind: 'not_found',
    message: `There is no route for ${req.method} ${shorten(req.path)}.`,
    remedy: 'The server prints its routes at its start.',
  })
}

/**
 * Answers errors as JSON. An error that the caller did not cause is logged, and answered with 500 and no
 * details.
 */
export const problemHandler: ErrorRequestHandler = (error: unknown, req, res, next) => {
  if (res.headersSent) return next(error)
  const answer = answerFor(error)
  if (answer === undefined) console.error(`${req.method} ${shorten(req.path)} failed:`, error)
  if (answer?.status === 401) res.set('WWW-Authenticate', 'Bearer')
  res
    .status(answer?.status ?? 500)
    .json(answer?.body ?? { error: 'internal', message: 'The server failed to answer the request.' })
}

function answerFor(error: unknown): ProblemAnswer | undefined {
  if (error instanceof Problem) return answerTo(error.details)
  const status = statusOf(error)
  if (status === undefined) return undefined
  const { error: code, message } = PARSER_ANSWERS[status] ?? OTHER_ANSWER
  return { status, body: { error: code, message } }
}

/** The answers to errors of body-parser and of the router, by status. */
const PARSER_ANSWERS: Readonly<Record<number, { readonly error: string; readonly message: string }>> = {
  400: {
    error: 'invalid_request',
    message: 'The request is malformed. The body must be JSON, and the URL must be decodable.',
  },
  413: { error: 'too_large', message: 'The body is larger than 100 kB. Split it, or shorten the texts.' },
  415: {
    error: 'unsupported',
    message: 'The body must be JSON in UTF-8, plain or compressed with gzip, deflate or br.',
  },
}

const OTHER_ANSWER = { error: 'invalid_request', message: 'The request cannot be read.' }

/** The status of an error of Express, if it is from 400 to 499. */
function statusOf(error: unknown): number | undefined {
  const status: unknown = error instanceof Error && 'status' in error ? error.status : undefined
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined
}
