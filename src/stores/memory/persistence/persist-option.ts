import { checkNames, checkWholeNumber, rejectOption } from '../../../errors/option-checks.ts'

/** The option `persist` of a `PersistentMemoryStore`. */
export interface PersistOptions {
  /**
   * The file. Its folder must exist. No other store and no other process may use the same file. Beside it there is a file
   * with the same name and `.lock` while the store is open, and a draft while it is saved.
   */
  readonly path: string
  /**
   * A crash loses what was counted in so many seconds at most: a whole number from 1 to 86,400. Saving must take less
   * than a quarter of that time. Default: 60.
   */
  readonly everySec?: number | undefined
}

/** The option after it was checked. */
export interface PersistSettings {
  readonly path: string
  readonly everySec: number
}

const NAMES = ['path', 'everySec']

/** Names that come to mind for the same things. */
const PATH_HINT = { nearest: 'path', remedy: 'Write path instead.' }
const INTERVAL_HINT = { nearest: 'everySec', remedy: 'Write everySec, in seconds.' }
const HINTS = {
  file: PATH_HINT,
  filename: PATH_HINT,
  interval: INTERVAL_HINT,
  intervalSec: INTERVAL_HINT,
  everyMs: INTERVAL_HINT,
}

const DEFAULT_EVERY_SEC = 60
const LONGEST_EVERY_SEC = 86_400

/** @throws RateLimiterError for an unknown option, and for a value that an option does not take */
export function parsePersist(option: string, given: PersistOptions): PersistSettings {
  const { path, everySec = DEFAULT_EVERY_SEC } = checkNames(option, given, NAMES, HINTS)
  return {
    path: checkPath(`${option}.path`, path),
    everySec: checkWholeNumber(`${option}.everySec`, everySec, 1, LONGEST_EVERY_SEC),
  }
}

/** Returns `path` if it can name a file, and throws otherwise. */
export function checkPath(option: string, path: unknown): string {
  if (typeof path === 'string' && path !== '' && !path.includes('\0')) return path
  return rejectOption(option, path, 'takes the path of a file', "Give a text, such as '/var/lib/app/limits'.")
}
