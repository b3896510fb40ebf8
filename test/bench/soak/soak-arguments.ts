import { ArgumentError } from '../arguments.ts'

const MINUTES = 10
const MOST_MINUTES = 1440

/**
 * Reads the words after `test/bench/soak.ts`.
 *
 * @throws ArgumentError for a flag that is not known, and for minutes that cannot be
 */
export function minutesOf(words: readonly string[]): number {
  if (words.length === 0) return MINUTES
  const [flag, given, ...others] = words.flatMap((word) => word.split(/=(.*)/s, 2))
  if (flag !== '--minutes' || others.length > 0) {
    throw new ArgumentError(`'${words.join(' ')}' is not known. Write --minutes ${MINUTES}, or nothing.`)
  }
  const minutes = Number(given)
  if (given !== '' && minutes > 0 && minutes <= MOST_MINUTES) return minutes
  throw new ArgumentError(
    `--minutes takes a number above 0 and up to ${MOST_MINUTES}: '${given ?? ''}' was given. Give --minutes ${MINUTES}.`,
  )
}
