import { renameSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { startInBackground } from '../../../background-timer.ts'
import { rejectOption } from '../../../errors/option-checks.ts'
import { RateLimiterError, showValue } from '../../../errors/rate-limiter-error.ts'
import { warn } from '../../../errors/warning.ts'
import type { MemoryStoreParts } from '../memory-store-parts.ts'
import { messageOf } from './file-errors.ts'
import { checkFree, PathLock } from './path-lock.ts'
import { checkPath, type PersistSettings } from './persist-option.ts'
import { removeDrafts, replaceFile } from './replace-file.ts'
import { loadSnapshot } from './snapshot-reader.ts'
import { snapshotOf } from './snapshot-writer.ts'

const PATH_OPTION = 'PersistentMemoryStore.persist.path'

/** What the name of a file has after it that could not be loaded and was put aside. */
const UNREADABLE_END = '.unreadable'

/**
 * Loads a file into a store without clients. Warns of a file that cannot be used; the store then has no clients.
 *
 * @param given the path of the file, absolute or from the working folder
 * @throws RateLimiterError if it is no path
 */
export function loadOnce(given: string, store: MemoryStoreParts): void {
  const path = resolve(checkPath('path', given))
  const problem = loadSnapshot(path, store)
  if (problem !== undefined) warnNotLoaded(path, problem)
}

/**
 * Saves a store.
 *
 * @param check throws if the store was closed in the meantime
 * @throws RateLimiterError if it is no path, if another store keeps the file, or if the file cannot be written
 */
export async function saveOnce(given: string, store: MemoryStoreParts, check: () => void): Promise<void> {
  const path = resolve(checkPath('path', given))
  checkFree('path', path)
  await save(path, store, check)
}

/** Keeps a store in a file: loads it when it is created, and saves it again and again, and when it is closed. */
export class Persistence {
  readonly #path: string
  readonly #everyMs: number
  readonly #store: MemoryStoreParts
  readonly #lock: PathLock
  #endTimer: (() => void) | undefined
  #saving: Promise<void> = Promise.resolve()
  #closing: Promise<void> | undefined
  #hasWarned = false

  /** @throws RateLimiterError if another store keeps the file, or the file cannot be written */
  constructor({ path, everySec }: PersistSettings, store: MemoryStoreParts) {
    this.#path = resolve(path)
    this.#everyMs = 1000 * everySec
    this.#store = store
    checkNotFolder(this.#path)
    this.#lock = PathLock.take(PATH_OPTION, this.#path)
    removeDrafts(this.#path)
    this.#load()
    this.#saveIn(this.#everyMs)
  }

  /** Whether this store keeps that file. */
  keeps(path: string): boolean {
    return resolve(path) === this.#path
  }

  /**
   * Saves the store now, after a save that is under way.
   *
   * @throws RateLimiterError if the file cannot be written
   */
  save(): Promise<void> {
    const saved = this.#saving.then(() => save(this.#path, this.#store, () => this.#checkLock()))
    this.#saving = saved.catch(() => {})
    return saved
  }

  /** Saves the store for the last time, and lets go of the file. */
  close(): Promise<void> {
    this.#endTimer?.()
    this.#closing ??= this.save().finally(() => this.#lock.release())
    return this.#closing
  }

  #load(): void {
    const problem = loadSnapshot(this.#path, this.#store)
    if (problem === undefined) return
    warnNotLoaded(this.#path, `${problem}. ${putAside(this.#path)}`)
  }

  #saveIn(pauseMs: number): void {
    this.#endTimer = startInBackground(() => setTimeout(() => void this.#saveRegularly(), pauseMs))
  }

  async #saveRegularly(): Promise<void> {
    const startMs = performance.now()
    try {
      await this.save()
      this.#hasWarned = false
    } catch (error) {
      if (!this.#hasWarned) warn('TOLLGATE_STORE_NOT_SAVED', `Saving is tried again: ${messageOf(error)}`)
      this.#hasWarned = true
    }
    // What a crash loses began when the latest whole save began, so the next one must have ended in time.
    const tookMs = performance.now() - startMs
    if (this.#closing === undefined) this.#saveIn(Math.max(this.#everyMs / 2, this.#everyMs - 3 * tookMs))
  }

  #checkLock(): void {
    if (this.#lock.isHeld) return
    throw new Error('another process has taken over the file, or its lock was removed')
  }
}

async function save(path: string, store: MemoryStoreParts, check: () => void): Promise<void> {
  try {
    await replaceFile(path, snapshotOf(store), check)
  } catch (error) {
    if (error instanceof RateLimiterError) throw error
    throw new RateLimiterError({
      code: 'store_failed',
      problem: `a PersistentMemoryStore could not be saved to ${showValue(path)}: ${messageOf(error)}`,
      remedy: 'The file is as it was before.',
      cause: error,
    })
  }
}

/** Keeps a file that the next save would replace: an older version may read it, or it is not a file of a store at all. */
function putAside(path: string): string {
  const aside = path + UNREADABLE_END
  try {
    renameSync(path, aside)
    return `It is now ${showValue(aside)}`
  } catch (error) {
    return `It will be replaced, because it could not be renamed (${messageOf(error)})`
  }
}

function checkNotFolder(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined || found.isFile()) return
  rejectOption(PATH_OPTION, path, 'takes the path of a file', 'Give a path in that folder.')
}

function warnNotLoaded(path: string, problem: string): void {
  warn(
    'TOLLGATE_STORE_NOT_LOADED',
    `A PersistentMemoryStore starts empty, because the file ${showValue(path)} cannot be used: ${problem}.`,
  )
}
