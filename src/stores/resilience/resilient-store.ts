import type { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import { type StoreFailureKind, storeCalls } from '../../events/channels.ts'
import type { Ban, Decision, Receipt } from '../../limits/decision.ts'
import type { LimiterDescription } from '../../limits/limiter-description.ts'
import { isPromiseLike, type MaybePromise } from '../../maybe-promise.ts'
import type { Charge, Store } from '../store.ts'
import { withDeadline } from './deadline.ts'
import { flawOf } from './decision-check.ts'
import { FallbackStore, type SeedableStore } from './fallback-store.ts'
import { circuitOpen, failureKind, InvalidDecision, storeFailed, storeLate } from './store-error.ts'
import { type Logger, type StoreHealth, StoreHealthMonitor } from './store-health.ts'

/** How a limiter goes on when its store fails. */
export interface ResilienceSettings {
  /** The limiter, for messages and events. */
  readonly limiter: LimiterDescription
  /** How long a promise of the store may take, in milliseconds. */
  readonly deadlineMs: number
  /** Makes the store to go on with; absent where the limiter does not go on counting. */
  readonly createFallback?: () => SeedableStore
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
  readonly generation: number
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
export class ResilientStore {
  readonly #store: Store
  readonly #options: ResilienceSettings
  readonly #fallback: FallbackStore | undefined
  readonly #watch: StoreHealthMonitor

  constructor(store: Store, options: ResilienceSettings) {
    this.#store = store
    this.#options = options
    const { createFallback: makeFallback, fallbackShare = 1, limiter, logger } = options
    this.#fallback = makeFallback === undefined ? undefined : new FallbackStore(makeFallback, fallbackShare)
    this.#watch = new StoreHealthMonitor(limiter, logger)
  }

  get health(): StoreHealth {
    return this.#watch.health
  }

  consume(charge: Charge): MaybePromise<Decision | RateLimiterError> {
    return this.#callStore('consume', charge)
  }

  peek(charge: Charge): MaybePromise<Decision | RateLimiterError> {
    return this.#callStore('peek', charge)
  }

  /** Gives a charge back, in the background: the response is out, nobody waits for it. */
  refund(receipt: Receipt): void {
    const isOwn = this.#fallback?.isOwn(receipt) === true
    const refunded = isOwn
      ? this.#withinDeadline(async () => this.#fallback?.refund(receipt))
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
    const isOwn = this.#fallback?.isOwn(decision) === true
    const done = isOwn ? this.#fallback?.write(block) : this.#writeAll(block)
    done?.catch((error: unknown) => this.#watch.warnOnce('TOLLGATE_BAN_FAILED', 'to ban a client', error))
  }

  async closeFallback(): Promise<void> {
    await this.#fallback?.close()
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
    await Promise.all([this.#send(() => writeTo(this.#store)), this.#fallback?.write(writeTo)])
  }

  /** Something that is no decision. */
  async #send(call: () => MaybePromise<void>): Promise<void> {
    const { circuit } = this.#watch
    const generation = circuit.begin()
    if (generation === undefined) throw circuitOpen(this.#watch.lastError)
    try {
      await this.#withinDeadline(call)
      this.#watch.succeeded(generation)
    } catch (error) {
      this.#watch.writeFailed(generation, storeFailed(error))
      throw error
    }
  }

  #callStore(verb: Verb, charge: Charge): MaybePromise<Decision | RateLimiterError> {
    const { circuit } = this.#watch
    const generation = circuit.begin()
    if (generation === undefined) return this.#decideWithoutStore(verb, charge)
    const beganAtMs = storeCalls.hasSubscribers ? performance.now() : undefined
    let answer: MaybePromise<Decision> | undefined
    try {
      answer = this.#store[verb]?.(charge)
    } catch (error) {
      return this.#failed({ generation: generation, verb, charge, beganAtMs }, error)
    }
    if (isPromiseLike(answer))
      return this.#awaited({ generation: generation, verb, charge, beganAtMs }, answer)
    const flaw = flawOf(answer, charge)
    if (flaw !== undefined)
      return this.#failed({ generation: generation, verb, charge, beganAtMs }, new InvalidDecision(flaw))
    const decision = answer as Decision
    const isShared = this.#store.capabilities?.shared === true
    // A refusal that a distant store answers at once it remembers: that tells nothing of how it is.
    if (isShared && !decision.allowed) circuit.notCalled(generation)
    else {
      this.#watch.succeeded(generation)
      this.#publishCall(verb, beganAtMs)
    }
    // What it remembers was learned when it was answered.
    if (isShared && decision.allowed && verb === 'consume') this.#fallback?.learn(charge, decision)
    return this.#applyBan(charge, decision)
  }

  async #awaited(call: Call, answer: PromiseLike<Decision>): Promise<Decision | RateLimiterError> {
    const { generation, verb, charge } = call
    const promise = Promise.resolve(answer)
    let decision: Decision
    try {
      decision = await this.#withinDeadline(
        () => promise,
        () => this.#awaitLate(charge, promise),
      )
      const flaw = flawOf(decision, charge)
      if (flaw !== undefined) throw new InvalidDecision(flaw)
    } catch (error) {
      return this.#failed(call, error)
    }
    this.#watch.succeeded(generation)
    this.#publishCall(verb, call.beganAtMs)
    if (verb === 'consume') this.#fallback?.learn(charge, decision)
    return this.#applyBan(charge, decision)
  }

  /** The request goes its way without it; but a client that was banned in the store is banned. */
  #awaitLate(charge: Charge, promise: Promise<Decision>): void {
    const count = (): void => {
      this.#watch.lateReplies++
    }
    promise.then((late) => {
      count()
      if (flawOf(late, charge) === undefined) this.#applyBan(charge, late)
    }, count)
  }

  #failed({ generation, verb, charge, beganAtMs }: Call, error: unknown): Decision | RateLimiterError {
    const failure = storeFailed(error)
    this.#watch.failed(generation, failure)
    this.#publishCall(verb, beganAtMs, failureKind(failure))
    // A store that its owner has closed is a mistake of the program, not a bad day of the store.
    if (failure.code === 'closed') throw failure
    return this.#decideWithoutStore(verb, charge, failure)
  }

  /**
   * With local counters where the options want them, else with the failure itself. Where the store was not asked there is
   * none yet, and none is made for nothing: an error takes longer than a decision.
   */
  #decideWithoutStore(verb: Verb, charge: Charge, failure?: RateLimiterError): Decision | RateLimiterError {
    const { lastError } = this.#watch
    if (failure === undefined && lastError?.code === 'closed') throw lastError
    const decision = this.#fallback?.decide(verb, charge)
    return decision === undefined ? (failure ?? circuitOpen(lastError)) : this.#applyBan(charge, decision)
  }

  /** Only where somebody wanted to know when the call began. */
  #publishCall(verb: Verb, beganAtMs: number | undefined, failure?: StoreFailureKind): void {
    if (beganAtMs === undefined) return
    const { limiter } = this.#options
    storeCalls.publish({ limiter, verb, durationMs: performance.now() - beganAtMs, failure })
  }

  #applyBan({ key }: Charge, decision: Decision): Decision {
    if (decision.ban?.isNew === true) this.#options.onNewBan?.(key, decision)
    return decision
  }

  async #withinDeadline<T>(call: () => MaybePromise<T>, onLate?: () => void): Promise<T> {
    const { deadlineMs } = this.#options
    return withDeadline(call(), deadlineMs, () => {
      onLate?.()
      return storeLate(deadlineMs)
    })
  }
}
