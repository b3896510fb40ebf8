import { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import { type StoreFailureKind, storeCallChannel } from '../../events/channels.ts'
import type { Ban, Decision, Receipt } from '../../limits/decision.ts'
import { isPromiseLike, type MaybePromise } from '../../maybe-promise.ts'
import type { Charge, Store } from '../store.ts'
import { CallDeadline } from './call-deadline.ts'
import { invalidityOf } from './decision-check.ts'
import { FallbackStore } from './fallback-store.ts'
import type { ResilienceSettings } from './resilience-settings.ts'
import { circuitOpenError, failureKind, InvalidDecision, storeFailedError } from './store-error.ts'
import { type StoreHealth, StoreHealthMonitor } from './store-health.ts'
import { StoreWrites } from './store-writes.ts'

type Verb = 'consume' | 'peek'

/** A call to the store for a decision. */
interface StoreCall {
  /** Of the circuit breaker when the call began. */
  readonly generation: number
  readonly verb: Verb
  readonly charge: Charge
  /** Undefined if nobody listens for calls. */
  readonly startedAtMs: number | undefined
}

/**
 * The store of a limiter, protected from its failures. Promises get a deadline, and invalid decisions count
 * as failures. A circuit breaker keeps calls from a store that fails, and the fallback decides if there is
 * one.
 *
 * It returns a value, and no promise, if the store does, so that a synchronous store costs no promise.
 */
export class ResilientStore {
  readonly #store: Store
  readonly #settings: ResilienceSettings
  readonly #trustedConsume: Store['consume'] | undefined
  readonly #isShared: boolean
  readonly #fallback: FallbackStore | undefined
  readonly #monitor: StoreHealthMonitor
  readonly #deadline: CallDeadline
  readonly #writes: StoreWrites

  constructor(store: Store, settings: ResilienceSettings) {
    this.#store = store
    this.#settings = settings
    const { createFallback, fallbackShare = 1, limiter, logger, deadlineMs } = settings
    this.#trustedConsume = settings.trustedConsume
    this.#isShared = store.capabilities?.shared === true
    this.#deadline = new CallDeadline(deadlineMs, settings.connectDeadlineMs ?? deadlineMs)
    this.#fallback =
      createFallback === undefined ? undefined : new FallbackStore(createFallback, fallbackShare)
    this.#monitor = new StoreHealthMonitor(limiter, logger)
    this.#writes = new StoreWrites(store, this.#fallback, this.#monitor, this.#deadline)
  }

  get health(): StoreHealth {
    return this.#monitor.health
  }

  consume(charge: Charge): MaybePromise<Decision | RateLimiterError> {
    return this.#decide('consume', charge)
  }

  peek(charge: Charge): MaybePromise<Decision | RateLimiterError> {
    return this.#decide('peek', charge)
  }

  /**
   * Settles a charge where it was taken: in the store or in the fallback. Returns the units recorded now. Throws what
   * the store throws: the caller must know what may not be recorded.
   */
  async settle(receipt: Receipt, cost: number): Promise<number> {
    if (this.#fallback?.isOwn(receipt) === true) return await this.#fallback.settle(receipt, cost)
    return await this.#writes.toStore((store) => store.settle?.(receipt, cost) ?? 0)
  }

  /** Gives a charge back, in the background: the response has been sent, and nobody waits for the refund. */
  refund(receipt: Receipt): void {
    this.settle(receipt, 0).catch((error: unknown) => this.refundFailed(error))
  }

  /** Warns once of refunds that fail in the background. */
  refundFailed(error: unknown): void {
    this.#monitor.warnOnce('TOLLGATE_REFUND_FAILED', 'to give a charge back', error)
  }

  /** @throws RateLimiterError `store_failed` or `store_timeout`: the caller must know what was not done */
  reset(key: string): Promise<void> {
    return this.#writes.ofOperator((store) => store.reset?.(key))
  }

  /** Throws as `reset` does. */
  resetAll(): Promise<void> {
    return this.#writes.ofOperator((store) => store.resetAll?.())
  }

  /** Throws as `reset` does. */
  block(key: string, forMs: number): Promise<void> {
    return this.#writes.ofOperator((store) => store.block?.(key, forMs))
  }

  /** Throws as `reset` does. */
  unblock(key: string): Promise<void> {
    return this.#writes.ofOperator((store) => store.unblock?.(key))
  }

  /** Bans another key for as long as the ban of a decision, in the background: no request waits for it. */
  spreadBan(key: string, decision: Decision, { endsInMs }: Ban): void {
    const block = (store: Store): MaybePromise<void> => store.block?.(key, endsInMs)
    // Refusals that only this process has counted must not ban a client in all processes.
    const isOfFallback = this.#fallback?.isOwn(decision) === true
    const blocked = isOfFallback ? this.#fallback?.write(block) : this.#writes.toBoth(block)
    blocked?.catch((error: unknown) => {
      // The application has closed the store after the last request.
      if (error instanceof RateLimiterError && error.code === 'closed') return
      this.#monitor.warnOnce('TOLLGATE_BAN_FAILED', 'to ban a client', error)
    })
  }

  async closeFallback(): Promise<void> {
    await this.#fallback?.close()
  }

  #decide(verb: Verb, charge: Charge): MaybePromise<Decision | RateLimiterError> {
    const generation = this.#monitor.circuit.begin()
    if (generation === undefined) return this.#decideWithoutStore(verb, charge)
    const startedAtMs = storeCallChannel.hasSubscribers ? performance.now() : undefined
    let answer: MaybePromise<Decision> | undefined
    try {
      // A store need not have `peek`.
      answer = verb === 'consume' ? this.#store.consume(charge) : this.#store.peek?.(charge)
    } catch (error) {
      return this.#failed({ generation, verb, charge, startedAtMs }, error)
    }
    if (isPromiseLike(answer)) return this.#awaitDecision({ generation, verb, charge, startedAtMs }, answer)
    const isTrusted = verb === 'consume' && this.#store.consume === this.#trustedConsume
    const invalidity = isTrusted ? undefined : invalidityOf(answer, charge)
    if (invalidity !== undefined) {
      return this.#failed({ generation, verb, charge, startedAtMs }, new InvalidDecision(invalidity))
    }
    const decision = answer as Decision
    const isShared = this.#isShared
    // A shared store that refuses at once has remembered the refusal. That says nothing about its health now.
    if (isShared && !decision.allowed) this.#monitor.circuit.notCalled(generation)
    else {
      this.#monitor.succeeded(generation)
      this.#publishCall(verb, startedAtMs)
    }
    // The fallback received a remembered refusal when the store decided it.
    if (isShared && decision.allowed && verb === 'consume') this.#fallback?.seed(charge, decision)
    return this.#reportNewBan(charge, decision)
  }

  async #awaitDecision(call: StoreCall, answer: PromiseLike<Decision>): Promise<Decision | RateLimiterError> {
    const { generation, verb, charge } = call
    const promise = Promise.resolve(answer)
    let decision: Decision
    try {
      decision = await this.#deadline.within(
        () => promise,
        () => {
          this.#awaitLateDecision(charge, promise)
          return this.#store.problem?.()
        },
      )
      const invalidity = invalidityOf(decision, charge)
      if (invalidity !== undefined) throw new InvalidDecision(invalidity)
    } catch (error) {
      return this.#failed(call, error)
    }
    this.#deadline.answered()
    this.#monitor.succeeded(generation)
    this.#publishCall(verb, call.startedAtMs)
    if (verb === 'consume') this.#fallback?.seed(charge, decision)
    return this.#reportNewBan(charge, decision)
  }

  /** The request does not wait for a late decision. But a client that the store has banned stays banned. */
  #awaitLateDecision(charge: Charge, promise: Promise<Decision>): void {
    charge.isAbandoned = true
    const count = (): void => {
      this.#monitor.lateReplies++
    }
    promise.then((late) => {
      count()
      this.#deadline.answered()
      if (invalidityOf(late, charge) === undefined) this.#reportNewBan(charge, late)
    }, count)
  }

  #failed({ generation, verb, charge, startedAtMs }: StoreCall, error: unknown): Decision | RateLimiterError {
    const failure = storeFailedError(error)
    this.#monitor.decisionFailed(generation, failure, this.#store.isAlive?.(error))
    this.#publishCall(verb, startedAtMs, failureKind(failure))
    // A store that the application has closed is a mistake of the program, and no outage.
    if (failure.code === 'closed') throw failure
    return this.#decideWithoutStore(verb, charge, failure)
  }

  /**
   * The decision of the fallback if there is one, else the failure.
   *
   * @param failure absent if the store was not called. Then an error is only made if it is the answer: to
   * make one takes
   *   longer than to decide.
   */
  #decideWithoutStore(verb: Verb, charge: Charge, failure?: RateLimiterError): Decision | RateLimiterError {
    const { lastError } = this.#monitor
    if (failure === undefined && lastError?.code === 'closed') throw lastError
    const decision = this.#fallback?.decide(verb, charge)
    return decision === undefined
      ? (failure ?? circuitOpenError(lastError))
      : this.#reportNewBan(charge, decision)
  }

  /** Only if somebody listened when the call started. */
  #publishCall(verb: Verb, startedAtMs: number | undefined, failure?: StoreFailureKind): void {
    if (startedAtMs === undefined) return
    const { limiter } = this.#settings
    storeCallChannel.publish({ limiter, verb, durationMs: performance.now() - startedAtMs, failure })
  }

  #reportNewBan({ key }: Charge, decision: Decision): Decision {
    if (decision.ban?.isNew === true) this.#settings.onNewBan?.(key, decision)
    return decision
  }
}
