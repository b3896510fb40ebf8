import { checkNames, checkWholeNumber, rejectOption } from '../../errors/option-checks.ts'
import { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import type { Decision, Receipt } from '../../limits/decision.ts'
import type { Charge, Store, StoreCapabilities } from '../store.ts'
import { Evictor } from './evictor.ts'
import { decisionOf, type MemoryEntry, type Outcomes, outcomesOf, rewindEntry } from './memory-entry.ts'
import { MemoryReceipt } from './memory-receipt.ts'
import { Pruner } from './pruner.ts'

/** Options of {@link MemoryStore}. */
export interface MemoryStoreOptions {
  /** Keys remembered at most: one for each limiter, class and client. Default: 1,000,000. */
  readonly maxKeys?: number
  /** Time in milliseconds, for tests. Default: a monotonic clock, which no operator can set back. */
  readonly clock?: { now(): number }
}

const DEFAULT_MAX_KEYS = 1_000_000

/** A `Map` holds 2^24 entries at most and throws beyond. */
const LARGEST_MAX_KEYS = 2 ** 24 - 1

/**
 * Keeps counters in this process. Answers directly, never with a promise.
 *
 * Clients idle for their `ttlMs` are forgotten, a few on the way of every charge and the rest by a timer
 * that does not keep the process alive. At `maxKeys` the one furthest from its limit of a few clients makes
 * room; one that is refused does only if all of 256 are.
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
  readonly #evictor: Evictor
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
    this.#evictor = new Evictor(this.#entries)
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

    const entry = known ?? this.#add(charge.key, nowMs)
    entry.states = asked.map((outcome) => outcome.state)
    entry.expiresAtMs = nowMs + Math.max(...charge.limits.map((limit) => limit.ttlMs))
    entry.fullness = Math.max(
      ...asked.map(({ remaining }, index) => 1 - remaining / (charge.limits[index]?.limit ?? 1)),
    )
    const receipt = new MemoryReceipt(charge.key, entry, charge.cost)
    return { ...decisionOf(charge, asked, asked), receipt }
  }

  peek(charge: Charge): Decision {
    const nowMs = this.#begin()
    const known = this.#find(charge, nowMs)
    const asked = outcomesOf(known, charge, nowMs, charge.cost)
    return this.#untaken(known, charge, nowMs, asked)
  }

  refund(receipt: Receipt): void {
    if (MemoryReceipt.is(receipt)) receipt.redeem(this.#entries)
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
      remedy: 'Close it after the last request.',
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

  #add(key: string, nowMs: number): MemoryEntry {
    if (this.#entries.size >= this.#maxKeys) this.#evictor.evictOne(nowMs)
    const entry: MemoryEntry = { states: [], expiresAtMs: 0, fullness: 0 }
    this.#entries.set(key, entry)
    return entry
  }
}
