import { isRateLimiterError, RateLimiterError } from '../errors/rate-limiter-error.ts'
import { type RateLimiterWarningCode, warn } from '../errors/warning.ts'
import type { Ban, Decision, Receipt } from '../limits/decision.ts'
import { isPromiseLike, type MaybePromise } from '../maybe-promise.ts'
import { withDeadline } from './deadline.ts'
import { flawOf } from './decision-check.ts'
import type { Charge, Store } from './store.ts'

/** How a limiter goes on when its store fails. */
export interface FailureOptions {
  /** The limiter's name, for messages. */
  readonly limiterName: string
  /** How long a promise of the store may take, in milliseconds. */
  readonly deadlineMs: number
  /** Makes the store to go on with; absent where the limiter does not go on counting. */
  readonly makeFallback?: () => Store
  /** Told of each refusal that brought a ban about, of one that came too late to be heeded as well. */
  readonly onNewBan?: (key: string, refusal: Decision) => void
}

type Verb = 'consume' | 'peek'

/**
 * Stands between the limiter and its store: gives promises a deadline, takes nonsense for failure, and goes
 * on with a store of this process where the options want that.
 *
 * Answers directly when the store does, so that no promise is made on the way of a synchronous store.
 */
export class GuardedStore {
  readonly #store: Store
  readonly #options: FailureOptions
  #fallback: Store | undefined
  /** Receipts that the fallback wrote, and its refusals. */
  readonly #local = new WeakSet<object>()
  readonly #warned = new Set<RateLimiterWarningCode>()

  constructor(store: Store, options: FailureOptions) {
    this.#store = store
    this.#options = options
  }

  consume(charge: Charge): MaybePromise<Decision | RateLimiterError> {
    return this.#ask('consume', charge)
  }

  peek(charge: Charge): MaybePromise<Decision | RateLimiterError> {
    return this.#ask('peek', charge)
  }

  /** Gives a charge back, in the background: the response is out, nobody waits for it. */
  refund(receipt: Receipt): void {
    const store = this.#local.has(receipt) ? this.#fallback : this.#store
    try {
      const done = store?.refund?.(receipt)
      if (isPromiseLike(done)) Promise.resolve(done).catch((error: unknown) => this.#refundFailed(error))
    } catch (error) {
      this.#refundFailed(error)
    }
  }

  /** @throws RateLimiterError `store_failed` or `store_timeout`: what was not done must be known */
  reset(key: string): Promise<void> {
    return this.#write((store) => store.reset?.(key))
  }

  /** Throws as `reset` does. */
  resetAll(): Promise<void> {
    return this.#write((store) => store.resetAll?.())
  }

  /** Throws as `reset` does. */
  block(key: string, forMs: number): Promise<void> {
    return this.#write((store) => store.block?.(key, forMs))
  }

  /**
   * Bans another key for a ban that a decision tells of. In the background: the refusal that brought it about
   * waits for nobody.
   */
  spreadBan(key: string, decision: Decision, { endsInMs }: Ban): void {
    const block = async (store: Store): Promise<void> => store.block?.(key, endsInMs)
    // What this process alone has counted must not ban a client everywhere.
    const fallback = this.#fallback
    const isLocal = fallback !== undefined && this.#local.has(decision)
    const done = isLocal ? block(fallback) : this.#writeAll(block)
    done.catch((error: unknown) => {
      this.#warnOnce('TOLLGATE_BAN_FAILED', 'to ban a client', messageOf(error))
    })
  }

  /** Throws as `reset` does. */
  unblock(key: string): Promise<void> {
    return this.#write((store) => store.unblock?.(key))
  }

  async closeFallback(): Promise<void> {
    await this.#fallback?.close?.()
  }

  async #write(writeTo: (store: Store) => MaybePromise<void>): Promise<void> {
    try {
      await this.#writeAll(writeTo)
    } catch (error) {
      throw storeFailed(error)
    }
  }

  /** To the store, and to the one to go on with where there is one. */
  async #writeAll(writeTo: (store: Store) => MaybePromise<void>): Promise<void> {
    if (this.#fallback !== undefined) await writeTo(this.#fallback)
    await this.#inTime(writeTo(this.#store))
  }

  #ask(verb: Verb, charge: Charge): MaybePromise<Decision | RateLimiterError> {
    let answer: MaybePromise<Decision> | undefined
    try {
      answer = this.#store[verb]?.(charge)
    } catch (error) {
      return this.#goOn(verb, charge, storeFailed(error))
    }
    if (!isPromiseLike(answer)) return this.#checked(verb, charge, answer)
    const promise = Promise.resolve(answer)
    return this.#inTime(promise).then(
      (decision) => this.#checked(verb, charge, decision),
      (error: unknown) => {
        // The request goes its way without it, but in the store the client is banned.
        promise.then((late) => flawOf(late, charge) ?? this.#heedBan(charge, late)).catch(() => undefined)
        return this.#goOn(verb, charge, storeFailed(error))
      },
    )
  }

  #checked(verb: Verb, charge: Charge, answer: unknown): MaybePromise<Decision | RateLimiterError> {
    const flaw = flawOf(answer, charge)
    if (flaw === undefined) return this.#heedBan(charge, answer as Decision)
    return this.#goOn(verb, charge, storeFailed(new Error(`it ${flaw}`)))
  }

  /** With local counters where the options want them, else with the failure itself. */
  #goOn(verb: Verb, charge: Charge, failure: RateLimiterError): MaybePromise<Decision | RateLimiterError> {
    // A store that its owner has closed is a mistake of the program, not a bad day of the store.
    if (failure.code === 'closed') throw failure
    this.#warnOnce('TOLLGATE_STORE_FAILED', 'to decide, and onStoreError is followed', failure.message)
    if (this.#options.makeFallback === undefined) return failure
    this.#fallback ??= this.#options.makeFallback()
    const decision = this.#fallback[verb]?.(charge)
    if (decision === undefined || isPromiseLike(decision)) return failure
    this.#local.add(decision.receipt ?? decision)
    return this.#heedBan(charge, decision)
  }

  #heedBan({ key }: Charge, decision: Decision): Decision {
    if (decision.ban?.isNew === true) this.#options.onNewBan?.(key, decision)
    return decision
  }

  #inTime<T>(promise: MaybePromise<T>): Promise<T> {
    return withDeadline(promise, this.#options.deadlineMs, () => this.#late())
  }

  #late(): RateLimiterError {
    return new RateLimiterError({
      code: 'store_timeout',
      problem: `the store did not answer within ${this.#options.deadlineMs} ms`,
      remedy: 'Look at the store and its network, or raise storeDeadlineMs.',
    })
  }

  #refundFailed(error: unknown): void {
    this.#warnOnce('TOLLGATE_REFUND_FAILED', 'to give a charge back', messageOf(error))
  }

  /** Once for each kind: a store has bad days of a million requests. */
  #warnOnce(code: RateLimiterWarningCode, what: string, why: string): void {
    if (this.#warned.has(code)) return
    this.#warned.add(code)
    warn(code, `The store of the limiter '${this.#options.limiterName}' failed ${what}: ${why}`)
  }
}

function storeFailed(error: unknown): RateLimiterError {
  if (error instanceof RateLimiterError) return error
  // An error of another copy is no instance of ours, and only this one is thrown on as it is.
  if (isRateLimiterError(error) && error.code === 'closed') return error
  return new RateLimiterError({
    code: 'store_failed',
    problem: `the store failed: ${messageOf(error)}`,
    remedy: 'Look at the store and its logs.',
    cause: error,
  })
}

function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error)
  } catch {
    return 'what it threw has no text'
  }
}
