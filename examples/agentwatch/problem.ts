/** What went wrong, in words of the domain; the error handler turns it into a status. */
export type ProblemKind = 'invalid' | 'unauthorized' | 'forbidden' | 'not_found' | 'conflict'

/** The parts of a {@link Problem}. */
export interface ProblemDetails {
  readonly kind: ProblemKind
  /** A whole sentence. */
  readonly message: string
  /** What the caller can do about it: a whole sentence. */
  readonly remedy: string
  /** The field of the request that is wrong. */
  readonly field?: string
  /** What the field held. */
  readonly value?: unknown
}

/** A request that cannot be served as it is, through no fault of the server. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly details: ProblemDetails

  constructor(details: ProblemDetails) {
    super(details.message)
    this.details = details
  }
}

/** The problem of an id that nothing here has. */
export function notFound(noun: string, id: string, remedy: string): Problem {
  return new Problem({ kind: 'not_found', message: `No ${noun} has the id '${shorten(id)}'.`, remedy })
}

const LONGEST_SHOWN = 80

/** Text that may come from anybody, short enough to be repeated in an answer. */
export function shorten(text: string): string {
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN - 3)}...`
}
