import type { Decision, Receipt } from '../../limits/decision.ts'
import { type Charge, LEAST_CAPABILITIES, type Store, type StoreCapabilities } from '../../stores/store.ts'

/**
 * How a store has its bad day:
 *
 * - `throw`: throws before it does anything
 * - `reject`: answers with a promise that is rejected
 * - `hang`: answers with a promise that is never settled
 * - `late`: does its work at once and answers `delayMs` later
 * - `nonsense`: answers something that is no decision
 */
export type Fault =
  | { readonly kind: 'throw' | 'reject'; readonly error?: Error }
  | { readonly kind: 'hang' }
  | { readonly kind: 'late'; readonly delayMs: number }
  | { readonly kind: 'nonsense'; readonly answer: unknown }

/** A store that works until it is told to fail: for tests of what an app does then. */
export class FaultyStore implements Store {
  readonly #store: Store
  #fault: Fault | undefined
  #calls = 0

  /** @param store the store that does the work on good days */
  constructor(store: Store) {
    this.#store = store
  }

  get capabilities(): StoreCapabilities {
    return this.#store.capabilities ?? LEAST_CAPABILITIES
  }

  /** How often a method of the store was called, faulty calls included. */
  get calls(): number {
    return this.#calls
  }

  /** From now on every call fails in this way. */
  fail(fault: Fault): void {
    this.#fault = fault
  }

  /** From now on every call works again. */
  heal(): void {
    this.#fault = undefined
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

  refund(receipt: Receipt): void | Promise<void> {
    return this.#call(() => this.#store.refund?.(receipt))
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

  /** Closing works even on a bad day, so that tests can clean up. */
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
