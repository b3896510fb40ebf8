// Measures the time that a store takes, in a process that may be busy.

/** A deadline is extended to at most so many times its length, and never beyond this time in milliseconds. */
const MOST_LENGTHS = 10
const LONGEST_EXTENDED_MS = 1000

/** The timer of a process that is not busy may be late by this much. */
const USUAL_DELAY_MS = 5

/** The functions as they were before a test replaced them. */
const loaded: { readonly setTimeout: unknown; readonly now: unknown; readonly setImmediate: unknown } = {
  setTimeout,
  now: performance.now,
  setImmediate: globalThis.setImmediate,
}

/**
 * A deadline for an answer. It measures who has to answer, and not this process: the answer may have arrived
 * while this process was busy with something else. So before the deadline is over, the event loop turns once
 * more and reads what has arrived. A late timer shows that this process was busy. Then the deadline is
 * extended by the time by which the timer was late.
 */
export class Deadline {
  readonly #onOver: () => void
  readonly #lastMs: number
  #dueMs: number
  #timer: ReturnType<typeof setTimeout>
  #isOver = false

  /** @param onOver called once, after `lengthMs` or later. Not called after `cancel()` */
  constructor(lengthMs: number, onOver: () => void) {
    const nowMs = performance.now()
    this.#onOver = onOver
    this.#dueMs = nowMs + lengthMs
    this.#lastMs = nowMs + Math.max(lengthMs, Math.min(MOST_LENGTHS * lengthMs, LONGEST_EXTENDED_MS))
    this.#timer = setTimeout(timerFired, lengthMs, this)
  }

  cancel(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
  }

  /** Called when the timer has fired and the event loop has read what has arrived. */
  endOrExtend(): void {
    if (this.#isOver) return
    const nowMs = performance.now()
    const delayMs = haveOneClock() ? nowMs - this.#dueMs : 0
    const dueMs = Math.min(nowMs + delayMs, this.#lastMs)
    if (delayMs > USUAL_DELAY_MS && dueMs > nowMs) {
      this.#dueMs = dueMs
      this.#timer = setTimeout(timerFired, dueMs - nowMs, this)
      return
    }
    this.#isOver = true
    this.#onOver()
  }
}

/** The event loop calls timers, then reads sockets, and then calls immediates. */
function timerFired(deadline: Deadline): void {
  // A test that turns the clock by the length of a deadline expects its end, and not another timer.
  if (isTimeoutReplaced()) deadline.endOrExtend()
  else nextTurn(() => deadline.endOrExtend())
}

/** Calls back after the event loop has called what it calls now. No test replaces it. */
export function nextTurn(callback: () => void): void {
  // Some environments for tests have no setImmediate, such as jsdom. Others have replaced it.
  if (typeof loaded.setImmediate === 'function') loaded.setImmediate(callback)
  else setTimeout(callback, 0)
}

/** Whether timers and `performance` measure the same time. A test may have replaced one and not the other. */
function haveOneClock(): boolean {
  return isTimeoutReplaced() === (performance.now !== loaded.now)
}

/** Fake timers have a `clock`. They may have been there before this file was loaded. */
function isTimeoutReplaced(): boolean {
  return setTimeout !== loaded.setTimeout || 'clock' in setTimeout
}

/**
 * The value of a promise, or a rejection with `lateError()` when a {@link Deadline} of `deadlineMs` is over. A
 * later value or rejection of the promise is ignored.
 */
export function withDeadline<T>(
  promise: T | PromiseLike<T>,
  deadlineMs: number,
  lateError: () => Error,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const deadline = new Deadline(deadlineMs, () => reject(lateError()))
    Promise.resolve(promise).then(
      (value) => {
        deadline.cancel()
        resolve(value)
      },
      (error: unknown) => {
        deadline.cancel()
        reject(error)
      },
    )
  })
}
