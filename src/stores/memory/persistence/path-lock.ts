/*
 * A lock file beside the file of a store, so that one process at a time writes it. It names the process and the time at
 * which that process started. The lock of a process that has ended is taken over.
 */
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { rejectOption } from '../../../errors/option-checks.ts'
import { RateLimiterError, showValue } from '../../../errors/rate-limiter-error.ts'
import { codeOf, messageOf } from './file-errors.ts'

/** Another process may take over the same lock. Each attempt but the last ends because it did so at that moment. */
const MOST_ATTEMPTS = 10

export class PathLock {
  readonly #file: string
  readonly #text: string

  private constructor(file: string, text: string) {
    this.#file = file
    this.#text = text
  }

  /**
   * Takes the lock of a path.
   *
   * @param option what errors name
   * @throws RateLimiterError when a process that runs has it, this one included, or the folder cannot be written
   */
  static take(option: string, path: string): PathLock {
    const file = lockOf(path)
    const text = `${process.pid} ${startOf(process.pid)}\n`
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      if (createLock(option, path, text)) return new PathLock(file, text)
      checkFree(option, path)
      removeStale(file)
    }
    return rejectOption(option, path, 'is being taken by other processes', 'Give each process its own path.')
  }

  /** Whether no other process has taken the lock over, as one can that does not see this process. */
  get isHeld(): boolean {
    return readLock(this.#file) === this.#text
  }

  release(): void {
    if (this.isHeld) rmSync(this.#file, { force: true })
  }
}

/** @throws RateLimiterError when a process that runs has the lock of a path */
export function checkFree(option: string, path: string): void {
  const text = readLock(lockOf(path))
  const holder = text === undefined ? undefined : holderOf(text)
  if (holder === undefined) return
  rejectOption(
    option,
    path,
    `is in use by the store of ${holder}`,
    'Give each process and each store a path of its own, or share the counters with a RedisStore. ' +
      `If nobody uses the file, remove ${showValue(lockOf(path))}.`,
  )
}

function lockOf(path: string): string {
  return `${path}.lock`
}

function readLock(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** Returns false if there is a lock. */
function createLock(option: string, path: string, text: string): boolean {
  try {
    const opened = openSync(lockOf(path), 'wx', 0o600)
    try {
      writeSync(opened, text)
      fsyncSync(opened)
    } finally {
      closeSync(opened)
    }
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw new RateLimiterError({
      code: 'invalid_option',
      option,
      value: path,
      problem: `takes the path of a file that can be written (${messageOf(error)})`,
      remedy: 'Create its folder, and let this process write in it.',
      cause: error,
    })
  }
}

/** The process that has a lock, for messages; undefined if it has ended. */
function holderOf(text: string): string | undefined {
  const [, pid, start = ''] = /^([1-9]\d*) (.*)\n$/.exec(text) ?? []
  // The process that has created the lock has not written its number yet.
  if (pid === undefined) return 'another process'
  const startNow = startOf(Number(pid))
  if (startNow === undefined || (start !== '' && startNow !== '' && start !== startNow)) return undefined
  return Number(pid) === process.pid ? 'this process' : `process ${pid}`
}

/**
 * When a process started, as a text: numbers of processes come again, in a container most of all. Empty where the system
 * does not show it; undefined if there is no such process.
 */
function startOf(pid: number): string | undefined {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return undefined
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // proc(5): after the name in parentheses come the state, and 19 fields later the start in ticks since the boot.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z') return undefined
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${fields[19]}`
  } catch {
    return ''
  }
}

/** Removes a lock whose process has ended, unless another process has taken it over in the meantime. */
function removeStale(file: string): void {
  const aside = `${file}.${process.pid}`
  try {
    renameSync(file, aside)
    if (holderOf(readLock(aside) ?? '') !== undefined) linkSync(aside, file)
    rmSync(aside, { force: true })
  } catch (error) {
    // Another process has removed it, or has a new one.
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'EEXIST') throw error
  }
}
