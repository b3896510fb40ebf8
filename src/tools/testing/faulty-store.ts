import type { Decision, Receipt } from '../../limits/decision.ts'
import type { Limit } from '../../limits/limit.ts'
import { type Charge, LEAST_CAPABILITIES, type Store, type StoreCapabilities } from '../../stores/store.ts'

/**
 * How the calls of a {@link FaultyStore} fail:
 *
 * - `throw`: throws, and does nothing
 * - `reject`: returns a promise that is rejected, and does nothing
 * - `hang`: returns a promise that is never settled, and does nothing
 * - `late`: does its work at once, and answers `delayMs` milliseconds later
 * - `nonsense`: returns `answer`, which is not a decision
 */
export type Fault =
  | { readonly kind: 'throw' | 'reject'; readonly error?: Error | undefined }
  | { readonly kind: 'hang' }
  | { readonly kind: 'late'; readonly delayMs: number }
  | { readonly kind: 'nonsense'; readonly answer: unknown }

/** A store that works until a test makes it fail. For tests of what an app does without its store. */
export class FaultyStore implements Store {
  /** It never connects, so that its first call has the ordinary deadline. */
  readonly connectDeadlineMs = 1
  readonly #store: Store
  #fault: Fault | undefined
  #calls = 0

  /** @param store the store that does the work */
  constructor(store: Store) {
    this.#store = store
  }

  get capabilities(): StoreCapabilities {
    return this.#store.capabilities ?? LEAST_CAPABILITIES
  }

  /** The number of calls so far, those that failed included. `close` is not counted. */
  get calls(): number {
    return this.#calls
  }

  /** Makes every call from now on fail. */
  fail(fault: Fault): void {
    this.#fault = fault
  }

  /** Makes every call from now on work again. */
  heal(): void {
    this.#fault = undefined
  }

  prepare(limits: readonly Limit[]): void {
    this.#store.prepare?.(limits)
  }

  consume(charge: Charge): Decision | Promise<Decision> {
    return this.#call(() => this.#store.consume(charge))
  }

  peek(charge: Charge): Decision | Promise<Decision> {
    return this.#call(() => {
      if (this.#store.peek === undefined) throw new Error('The store behind this FaultyStore has no peek()')
      return this.#store.peek(charge)
    })
  }

  settle(receipt: Receipt, cost: number): number | Promise<number> {
    return this.#call(() => {
      if (this.#store.settle === undefined) {
        throw new Error('The store behind this FaultyStore has no settle()')
      }
      return this.#store.settle(receipt, cost)
    })
  }

  block(key: string, forMs: number): void | Promise<void> {
    return this.#call(() => {
      if (this.#store.block === undefined) throw new Error('The store behind this FaultyStore has no block()')
      return this.#store.block(key, forMs)
    })
  }

  unblock(key: string): void | Promise<void> {
    return this.#call(() => {
      if (this.#store.unblock === undefined) {
        throw new Error('The store behind this FaultyStore has no unblock()')
      }
      return this.#store.unblock(key)
    })
  }

  reset(key: string): void | Promise<void> {
    return this.#call(() => this.#store.reset?.(key))
  }

  resetAll(): void | Promise<void> {
    return this.#call(() => this.#store.resetAll?.())
  }

  /** Always works, so that tests can clean up. */
  close(): void | Promise<void> {
    return this.#store.close?.()
  }

  #call<T>(work: () => T | Promise<T>): T | Promise<T> {
    this.#calls++
    const fault = this.#fault
    switch (fault?.kind) {
      case undefined:
        return work()
      case 'throw':
        throw fault.error ?? new Error('The store is down')
      case 'reject':
        return Promise.reject(fault.error ?? new Error('The store is down'))
      case 'hang':
        return new Promise<T>(() => undefined)
      case 'late':
        return answerLate(work(), fault.delayMs)
      case 'nonsense':
        return fault.answer as T
    }
  }
}

async function answerLate<T>(answer: T | Promise<T>, delayMs: number): Promise<T> {
  await new Promise((resolve) => setTimeout(resolve, delayMs))
  return answer
}
