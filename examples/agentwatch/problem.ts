/** The kind of a problem. The error handler turns it into a status. */
export type ProblemKind = 'invalid' | 'unauthorized' | 'forbidden' | 'not_found' | 'conflict'

/** The parts of a {@link Problem}. */
export interface ProblemDetails {
  readonly kind: ProblemKind
  /** A whole sentence. */
  readonly message: string
  /** How the caller can solve the problem: a whole sentence. */
  readonly remedy: string
  /** The field of the request that is wrong. */
  readonly field?: string
  /** The value of the field. */
  readonly value?: unknown
}

/** The error for a request that the server cannot serve because of the caller. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly details: ProblemDetails

  constructor(details: ProblemDetails) {
    super(details.message)
    this.details = details
  }
}

/** The problem of an unknown id. */
export function notFound(noun: string, id: string, remedy: string): Problem {
  return new Problem({
    kind: 'not_found',
    message: `There is no ${noun} with the id '${shorten(id)}'.`,
    remedy,
  })
}

const LONGEST_SHOWN = 80

/** Text from a request, short enough for an answer. */
export function shorten(text: string): string {
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN - 3)}...`
}
