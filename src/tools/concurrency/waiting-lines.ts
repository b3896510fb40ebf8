import { startInBackground } from '../../background-timer.ts'
import { chain, isPromiseLike, type MaybePromise } from '../../maybe-promise.ts'
import type { AnsweredRequest } from '../../request/request-context.ts'
import type { QueueOptions } from './concurrency-limiter-options.ts'
import { isRefused, leasesOf } from './take-places.ts'

/** A request that asks for places. */
export interface PlaceRequest {
  /** Requests with the same key wait in one line. */
  readonly key: string
  /** Asks for the places once. */
  readonly ask: () => MaybePromise<AnsweredRequest>
  /** Calls back when the client has hung up. Returns a function that ends this. */
  readonly onHangUp: (hungUp: () => void) => () => void
}

interface Waiter {
  readonly ask: PlaceRequest['ask']
  /** Answers the request. Returns false if it does not wait any more. */
  readonly answer: (answered: MaybePromise<AnsweredRequest>) => boolean
}

interface Line {
  /** First come, first served. */
  readonly waiters: Set<Waiter>
  /** What those get that wait in vain. */
  refusal: AnsweredRequest
  isAsking: boolean
  /** Whether a place was given back while the store was asked. */
  askAgain: boolean
}

/**
 * How often the first of each line asks again, in milliseconds. This process sees only its own requests end. With a shared
 * store another process may have given a place back.
 */
const ASK_AGAIN_MS = 100

/** The requests that wait for a place: a line for each client. */
export class WaitingLines {
  readonly #queue: QueueOptions
  readonly #lines = new Map<string, Line>()
  #waiting = 0
  #stopTimer: (() => void) | undefined

  constructor(queue: QueueOptions) {
    this.#queue = queue
  }

  /** How many requests wait. */
  get waiting(): number {
    return this.#waiting
  }

  /** Asks for places, and waits in line if there are none. Nobody overtakes those that wait. */
  take(request: PlaceRequest): MaybePromise<AnsweredRequest> {
    const line = this.#lines.get(request.key)
    if (line !== undefined) return this.#join(line, request)
    const answered = request.ask()
    const orWait = (known: AnsweredRequest): MaybePromise<AnsweredRequest> =>
      isRefused(known) ? this.#join(this.#lineOf(request.key, known), request) : known
    return isPromiseLike(answered) ? chain(answered, orWait) : orWait(answered)
  }

  /** A place of the key may be free. */
  placeFreed(key: string): void {
    const line = this.#lines.get(key)
    if (line !== undefined) this.#serve(line)
  }

  /** Refuses all that wait. */
  close(): void {
    for (const line of this.#lines.values()) {
      for (const waiter of [...line.waiters]) waiter.answer(line.refusal)
    }
  }

  #lineOf(key: string, refusal: AnsweredRequest): Line {
    let line = this.#lines.get(key)
    if (line === undefined) {
      line = { waiters: new Set(), refusal, isAsking: false, askAgain: false }
      this.#lines.set(key, line)
    }
    return line
  }

  #join(line: Line, { key, ask, onHangUp }: PlaceRequest): MaybePromise<AnsweredRequest> {
    if (line.waiters.size >= this.#queue.size) return line.refusal
    return new Promise((resolve) => {
      let stopWatching = (): void => undefined
      const waiter: Waiter = {
        ask,
        answer: (answered) => {
          if (!line.waiters.delete(waiter)) return false
          this.#waiting--
          clearTimeout(timeout)
          stopWatching()
          if (line.waiters.size === 0 && this.#lines.get(key) === line) this.#lines.delete(key)
          resolve(answered)
          return true
        },
      }
      line.waiters.add(waiter)
      this.#waiting++
      const giveUp = (): void => void waiter.answer(line.refusal)
      const timeout = setTimeout(giveUp, this.#queue.timeoutMs)
      stopWatching = onHangUp(giveUp)
      this.#schedule()
    })
  }

  /** Asks for the first of a line, and for the next one as long as there are places. */
  #serve(line: Line): void {
    if (line.isAsking) {
      line.askAgain = true
      return
    }
    const [first] = line.waiters
    if (first === undefined) return
    line.isAsking = true
    line.askAgain = false
    const served = (known: AnsweredRequest): void => this.#served(line, first, known)
    const failed = (error: unknown): void => {
      line.isAsking = false
      const rejected = Promise.reject(error)
      // It may have hung up while the store was asked. Then nobody handles the rejection.
      if (!first.answer(rejected)) rejected.catch(() => undefined)
    }
    try {
      const answered = first.ask()
      if (isPromiseLike(answered)) answered.then(served, failed)
      else served(answered)
    } catch (error) {
      failed(error)
    }
  }

  #served(line: Line, first: Waiter, answered: AnsweredRequest): void {
    line.isAsking = false
    if (isRefused(answered)) {
      line.refusal = answered
      if (line.askAgain) this.#serve(line)
      return
    }
    // It may have hung up while the store was asked.
    if (!first.answer(answered)) for (const lease of leasesOf(answered)) lease.release()
    this.#serve(line)
  }

  #schedule(): void {
    this.#stopTimer ??= startInBackground(() => setTimeout(() => this.#askAgain(), ASK_AGAIN_MS))
  }

  #askAgain(): void {
    this.#stopTimer = undefined
    for (const line of this.#lines.values()) this.#serve(line)
    if (this.#lines.size > 0) this.#schedule()
  }
}
