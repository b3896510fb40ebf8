import type { ErrorRequestHandler, RequestHandler } from 'express'
import { Problem, type ProblemDetails, type ProblemKind, shorten } from '../problem.ts'

/** The status of each kind of problem, and the word by which programs know it. */
const ANSWERS: Readonly<Record<ProblemKind, { readonly status: number; readonly error: string }>> = {
  invalid: { status: 400, error: 'invalid_request' },
  unauthorized: { status: 401, error: 'unauthorized' },
  forbidden: { status: 403, error: 'forbidden' },
  not_found: { status: 404, error: 'not_found' },
  conflict: { status: 409, error: 'conflict' },
}

/** What the caller is told of a problem. */
export interface ProblemAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** The answer to a problem. */
export function answerTo({ kind, ...details }: ProblemDetails): ProblemAnswer {
  const { status, error } = ANSWERS[kind]
  return { status, body: { error, ...details } }
}

/** Answers requests that no route takes. */
export const unknownRoute: RequestHandler = (req) => {
  throw new Problem({
    kind: 'not_found',
    message: `Nothing answers ${req.method} ${shorten(req.path)}.`,
    remedy: 'The server prints its routes when it starts.',
  })
}

/** Answers problems as JSON. What is no problem of the caller's is logged and told as 500, without details. */
export const problemHandler: ErrorRequestHandler = (error: unknown, req, res, next) => {
  if (res.headersSent) return next(error)
  const answer = answerFor(error)
  if (answer === undefined) console.error(`${req.method} ${shorten(req.path)} failed:`, error)
  if (answer?.status === 401) res.set('WWW-Authenticate', 'Bearer')
  res
    .status(answer?.status ?? 500)
    .json(answer?.body ?? { error: 'internal', message: 'Something went wrong here.' })
}

function answerFor(error: unknown): ProblemAnswer | undefined {
  if (error instanceof Problem) return answerTo(error.details)
  const status = statusOf(error)
  if (status === undefined) return undefined
  const { error: word, message } = PARSER_ANSWERS[status] ?? OTHER_ANSWER
  return { status, body: { error: word, message } }
}

/** What body-parser and the router report, by status. */
const PARSER_ANSWERS: Readonly<Record<number, { readonly error: string; readonly message: string }>> = {
  400: {
    error: 'invalid_request',
    message: 'The request is malformed: the body must be JSON and the URL decodable.',
  },
  413: { error: 'too_large', message: 'The body takes at most 100 kB. Split it, or shorten the texts.' },
  415: {
    error: 'unsupported',
    message: 'The body takes JSON in UTF-8, plain or compressed with gzip, deflate or br.',
  },
}

const OTHER_ANSWER = { error: 'invalid_request', message: 'The request cannot be read.' }

/** The status from 400 to 499 that an error of Express carries, if it does. */
function statusOf(error: unknown): number | undefined {
  const status: unknown = error instanceof Error && 'status' in error ? error.status : undefined
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined
}
