import { checkNames, checkWholeNumber, rejectOption } from '../../errors/option-checks.ts'
import { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import type { Decision, Receipt } from '../../limits/decision.ts'
import { fixedWindow } from '../../limits/fixed-window.ts'
import type { Charge, Store, StoreCapabilities } from '../store.ts'
import {
  decisionOf,
  type MemoryEntry,
  type MemoryReceipt,
  type Outcomes,
  outcomesOf,
  rewindEntry,
} from './memory-entry.ts'
import { Pruner } from './pruner.ts'

/** Options of {@link MemoryStore}. */
export interface MemoryStoreOptions {
  /** Clients remembered at most. Default: 1,000,000. */
  readonly maxKeys?: number
  /** Time in milliseconds, for tests. Default: a monotonic clock, which no operator can set back. */
  readonly clock?: { now(): number }
}

const DEFAULT_MAX_KEYS = 1_000_000

/** A `Map` holds 2^24 entries at most and throws beyond. */
const LARGEST_MAX_KEYS = 2 ** 24 - 1

/** How many candidates for eviction are compared when the store is full. */
const EVICTION_SAMPLE = 16

/**
 * Keeps counters in this process. Answers directly, never with a promise.
 *
 * Clients idle for their `ttlMs` are forgotten, a few on the way of every charge and the rest by a timer
 * that does not keep the process alive. At `maxKeys` the least used of a few clients makes room.
 */
export class MemoryStore implements Store {
  readonly capabilities: StoreCapabilities = {
    algorithms: ['fixed-window'],
    severalLimits: true,
    shared: false,
  }
  readonly #entries = new Map<string, MemoryEntry>()
  readonly #maxKeys: number
  readonly #now: () => number
  readonly #pruner: Pruner
  /** Receipts already honoured: each is good once. */
  readonly #spent = new WeakSet<Receipt>()
  #closed = false

  /** @throws RateLimiterError when an option is unknown or has a value that it does not take */
  constructor(options: MemoryStoreOptions = {}) {
    checkNames('MemoryStore', options, ['maxKeys', 'clock'])
    const { maxKeys = DEFAULT_MAX_KEYS, clock = performance } = options
    this.#maxKeys = checkWholeNumber('MemoryStore.maxKeys', maxKeys, 1, LARGEST_MAX_KEYS)
    if (typeof clock?.now !== 'function') {
      rejectOption('MemoryStore.clock', clock, 'takes a clock', 'Give { now(): number } in milliseconds.')
    }
    // Whole milliseconds: fractions would make 60 s read as 60.0000001 s, and round up to 61 in a header.
    this.#now = () => Math.floor(clock.now())
    this.#pruner = new Pruner(this.#entries, this.#now)
  }

  /** Keys remembered at present, expired ones that were not pruned yet included. */
  get size(): number {
    return this.#entries.size
  }

  consume(charge: Charge): Decision {
    const nowMs = this.#begin()
    this.#pruner.prune(nowMs)
    const known = this.#find(charge, nowMs)
    const asked = outcomesOf(known, charge, nowMs, charge.cost)
    if (asked.some((outcome) => !outcome.allowed)) return this.#untaken(known, charge, nowMs, asked)

    const entry = known ?? this.#add(charge.key)
    entry.states = asked.map((outcome) => outcome.state)
    entry.expiresAtMs = nowMs + Math.max(...charge.limits.map((limit) => limit.ttlMs))
    const receipt: MemoryReceipt = {
      key: charge.key,
      entry,
      windowIds: entry.states.map((state) => fixedWindow.windowOf(state)),
      cost: charge.cost,
    }
    return { ...decisionOf(charge, asked, asked), receipt }
  }

  peek(charge: Charge): Decision {
    const nowMs = this.#begin()
    const known = this.#find(charge, nowMs)
    const asked = outcomesOf(known, charge, nowMs, charge.cost)
    return this.#untaken(known, charge, nowMs, asked)
  }

  refund(receipt: Receipt): void {
    if (this.#spent.has(receipt)) return
    const { key, entry, windowIds, cost } = receipt as MemoryReceipt
    // An entry that was reset or forgotten is another one now, even under the same key.
    if (this.#entries.get(key) !== entry) return
    this.#spent.add(receipt)
    entry.states = entry.states.map((state, index) => fixedWindow.refund(state, windowIds[index] ?? 0, cost))
  }

  reset(key: string): void {
    this.#entries.delete(key)
  }

  resetAll(): void {
    this.#entries.clear()
  }

  close(): void {
    this.#closed = true
    this.#pruner.stop()
    this.#entries.clear()
  }

  #begin(): number {
    if (!this.#closed) return this.#now()
    throw new RateLimiterError({
      code: 'closed',
      problem: 'this MemoryStore was closed',
      remedy: 'Close it after the last request, or make a new one.',
    })
  }

  #find(charge: Charge, nowMs: number): MemoryEntry | undefined {
    const entry = this.#entries.get(charge.key)
    if (entry !== undefined) rewindEntry(entry, nowMs)
    return entry
  }

  /** A decision that takes nothing: it shows what is left as it was before. */
  #untaken(known: MemoryEntry | undefined, charge: Charge, nowMs: number, asked: Outcomes): Decision {
    return decisionOf(charge, asked, outcomesOf(known, charge, nowMs, 0))
  }

  #add(key: string): MemoryEntry {
    if (this.#entries.size >= this.#maxKeys) this.#makeRoom()
    const entry: MemoryEntry = { states: [], expiresAtMs: 0 }
    this.#entries.set(key, entry)
    this.#pruner.start()
    return entry
  }

  /** Forgets an expired client or, failing that, the one of a few old ones that has used the least. */
  #makeRoom(): void {
    const nowMs = this.#now()
    let victim: string | undefined
    let leastUsed = Number.POSITIVE_INFINITY
    let looked = 0
    for (const [key, entry] of this.#entries) {
      const used = entry.expiresAtMs <= nowMs ? -1 : Math.max(...entry.states.map((state) => state.used))
      if (used < leastUsed) {
        leastUsed = used
        victim = key
      }
      if (++looked === EVICTION_SAMPLE) break
    }
    if (victim !== undefined) this.#entries.delete(victim)
  }
}
