import type { RateLimiterError } from '../errors/rate-limiter-error.ts'
import { type StoreFailureKind, storeCalls } from '../events/channels.ts'
import type { Ban, Decision, Receipt } from '../limits/decision.ts'
import type { LimiterDescription } from '../limits/limiter-description.ts'
import { isPromiseLike, type MaybePromise } from '../maybe-promise.ts'
import { withDeadline } from './deadline.ts'
import { flawOf } from './decision-check.ts'
import { type AdoptingStore, StandIn } from './failure/stand-in.ts'
import { failureKind, InvalidDecision, storeAvoided, storeFailed, storeLate } from './failure/store-error.ts'
import { HealthWatch, type Logger, type StoreHealth } from './failure/store-health.ts'
import type { Charge, Store } from './store.ts'

/** How a limiter goes on when its store fails. */
export interface FailureOptions {
  /** The limiter, for messages and events. */
  readonly limiter: LimiterDescription
  /** How long a promise of the store may take, in milliseconds. */
  readonly deadlineMs: number
  /** Makes the store to go on with; absent where the limiter does not go on counting. */
  readonly makeFallback?: () => AdoptingStore
  /** The part of each limit that the fallback may grant, above 0. Default: 1. */
  readonly fallbackShare?: number
  /** Default: process warnings. */
  readonly logger?: Logger | undefined
  /** Told of each refusal that brought a ban about, of one that came too late to be heeded as well. */
  readonly onNewBan?: (key: string, refusal: Decision) => void
}

type Verb = 'consume' | 'peek'

/** A decision that the store is asked for. */
interface Call {
  /** What the circuit knows it by. */
  readonly term: number
  readonly verb: Verb
  readonly charge: Charge
  /** Undefined where nobody wants to know. */
  readonly beganAtMs: number | undefined
}

/**
 * Stands between the limiter and its store: gives promises a deadline, takes nonsense for failure, keeps away from a
 * store that fails again and again, and goes on with a store of this process where the options want that.
 *
 * Answers directly when the store does, so that no promise is made on the way of a synchronous store.
 */
export class GuardedStore {
  readonly #store: Store
  readonly #options: FailureOptions
  readonly #standIn: StandIn | undefined
  readonly #watch: HealthWatch

  constructor(store: Store, options: FailureOptions) {
    this.#store = store
    this.#options = options
    const { makeFallback, fallbackShare = 1, limiter, logger } = options
    this.#standIn = makeFallback === undefined ? undefined : new StandIn(makeFallback, fallbackShare)
    this.#watch = new HealthWatch(limiter, logger)
  }

  get health(): StoreHealth {
    return this.#watch.health
  }

  consume(charge: Charge): MaybePromise<Decision | RateLimiterError> {
    return this.#ask('consume', charge)
  }

  peek(charge: Charge): MaybePromise<Decision | RateLimiterError> {
    return this.#ask('peek', charge)
  }

  /** Gives a charge back, in the background: the response is out, nobody waits for it. */
  refund(receipt: Receipt): void {
    const isOwn = this.#standIn?.isOwn(receipt) === true
    const refunded = isOwn
      ? this.#inTime(async () => this.#standIn?.refund(receipt))
      : this.#send(() => this.#store.refund?.(receipt))
    refunded.catch((error: unknown) =>
      this.#watch.warnOnce('TOLLGATE_REFUND_FAILED', 'to give a charge back', error),
    )
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

  /** Throws as `reset` does. */
  unblock(key: string): Promise<void> {
    return this.#write((store) => store.unblock?.(key))
  }

  /**
   * Bans another key for a ban that a decision tells of. In the background: the refusal that brought it about
   * waits for nobody.
   */
  spreadBan(key: string, decision: Decision, { endsInMs }: Ban): void {
    const block = (store: Store): MaybePromise<void> => store.block?.(key, endsInMs)
    // What this process alone has counted must not ban a client everywhere.
    const isOwn = this.#standIn?.isOwn(decision) === true
    const done = isOwn ? this.#standIn?.write(block) : this.#writeAll(block)
    done?.catch((error: unknown) => this.#watch.warnOnce('TOLLGATE_BAN_FAILED', 'to ban a client', error))
  }

  async closeFallback(): Promise<void> {
    await this.#standIn?.close()
  }

  async #write(writeTo: (store: Store) => MaybePromise<void>): Promise<void> {
    try {
      await this.#writeAll(writeTo)
    } catch (error) {
      throw storeFailed(error)
    }
  }

  /** To the store, and to the one to go on with: both at once, whatever becomes of the other. */
  async #writeAll(writeTo: (store: Store) => MaybePromise<void>): Promise<void> {
    await Promise.all([this.#send(() => writeTo(this.#store)), this.#standIn?.write(writeTo)])
  }

  /** Something that is no decision. */
  async #send(call: () => MaybePromise<void>): Promise<void> {
    const { circuit } = this.#watch
    const term = circuit.begin()
    if (term === undefined) throw storeAvoided(this.#watch.lastError)
    try {
      await this.#inTime(call)
      this.#watch.succeeded(term)
    } catch (error) {
      this.#watch.writeFailed(term, storeFailed(error))
      throw error
    }
  }

  #ask(verb: Verb, charge: Charge): MaybePromise<Decision | RateLimiterError> {
    const { circuit } = this.#watch
    const term = circuit.begin()
    if (term === undefined) return this.#goOn(verb, charge)
    const beganAtMs = storeCalls.hasSubscribers ? performance.now() : undefined
    let answer: MaybePromise<Decision> | undefined
    try {
      answer = this.#store[verb]?.(charge)
    } catch (error) {
      return this.#failed({ term, verb, charge, beganAtMs }, error)
    }
    if (isPromiseLike(answer)) return this.#awaited({ term, verb, charge, beganAtMs }, answer)
    const flaw = flawOf(answer, charge)
    if (flaw !== undefined) return this.#failed({ term, verb, charge, beganAtMs }, new InvalidDecision(flaw))
    const decision = answer as Decision
    const isShared = this.#store.capabilities?.shared === true
    // A refusal that a distant store answers at once it remembers: that tells nothing of how it is.
    if (isShared && !decision.allowed) circuit.unasked(term)
    else {
      this.#watch.succeeded(term)
      this.#tellOf(verb, beganAtMs)
    }
    // What it remembers was learned when it was answered.
    if (isShared && decision.allowed && verb === 'consume') this.#standIn?.learn(charge, decision)
    return this.#heedBan(charge, decision)
  }

  async #awaited(call: Call, answer: PromiseLike<Decision>): Promise<Decision | RateLimiterError> {
    const { term, verb, charge } = call
    const promise = Promise.resolve(answer)
    let decision: Decision
    try {
      decision = await this.#inTime(
        () => promise,
        () => this.#awaitLate(charge, promise),
      )
      const flaw = flawOf(decision, charge)
      if (flaw !== undefined) throw new InvalidDecision(flaw)
    } catch (error) {
      return this.#failed(call, error)
    }
    this.#watch.succeeded(term)
    this.#tellOf(verb, call.beganAtMs)
    if (verb === 'consume') this.#standIn?.learn(charge, decision)
    return this.#heedBan(charge, decision)
  }

  /** The request goes its way without it; but a client that was banned in the store is banned. */
  #awaitLate(charge: Charge, promise: Promise<Decision>): void {
    const count = (): void => {
      this.#watch.lateReplies++
    }
    promise.then((late) => {
      count()
      if (flawOf(late, charge) === undefined) this.#heedBan(charge, late)
    }, count)
  }

  #failed({ term, verb, charge, beganAtMs }: Call, error: unknown): Decision | RateLimiterError {
    const failure = storeFailed(error)
    this.#watch.failed(term, failure)
    this.#tellOf(verb, beganAtMs, failureKind(failure))
    // A store that its owner has closed is a mistake of the program, not a bad day of the store.
    if (failure.code === 'closed') throw failure
    return this.#goOn(verb, charge, failure)
  }

  /**
   * With local counters where the options want them, else with the failure itself. Where the store was not asked there is
   * none yet, and none is made for nothing: an error takes longer than a decision.
   */
  #goOn(verb: Verb, charge: Charge, failure?: RateLimiterError): Decision | RateLimiterError {
    const { lastError } = this.#watch
    if (failure === undefined && lastError?.code === 'closed') throw lastError
    const decision = this.#standIn?.decide(verb, charge)
    return decision === undefined ? (failure ?? storeAvoided(lastError)) : this.#heedBan(charge, decision)
  }

  /** Only where somebody wanted to know when the call began. */
  #tellOf(verb: Verb, beganAtMs: number | undefined, failure?: StoreFailureKind): void {
    if (beganAtMs === undefined) return
    const { limiter } = this.#options
    storeCalls.publish({ limiter, verb, durationMs: performance.now() - beganAtMs, failure })
  }

  #heedBan({ key }: Charge, decision: Decision): Decision {
    if (decision.ban?.isNew === true) this.#options.onNewBan?.(key, decision)
    return decision
  }

  async #inTime<T>(call: () => MaybePromise<T>, onLate?: () => void): Promise<T> {
    const { deadlineMs } = this.#options
    return withDeadline(call(), deadlineMs, () => {
      onLate?.()
      return storeLate(deadlineMs)
    })
  }
}
