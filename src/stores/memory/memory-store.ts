import { checkNames, checkWholeNumber, rejectOption } from '../../errors/option-checks.ts'
import { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import { ALGORITHM_NAMES } from '../../limits/algorithms.ts'
import { banEndsInMs, banned, withRefusal } from '../../limits/ban.ts'
import type { Ban, Decision, Receipt } from '../../limits/decision.ts'
import type { Limit } from '../../limits/limit.ts'
import type { Charge, Store, StoreCapabilities } from '../store.ts'
import { Evictor } from './evictor.ts'
import { admission, outright, refusal } from './memory-decision.ts'
import {
  emptyEntry,
  fullnessOf,
  type MemoryEntry,
  type Outcomes,
  outcomesOf,
  settleEntry,
} from './memory-entry.ts'
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
 * room; one that is refused does only if all of 256 are, and one that is banned only if all of those are.
 */
export class MemoryStore implements Store {
  readonly capabilities: StoreCapabilities = {
    algorithms: ALGORITHM_NAMES,
    severalLimits: true,
    bans: true,
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
    const { maxKeys = DEFAULT_MAX_KEYS, clock = performance } = checkNames('MemoryStore', options, [
      'maxKeys',
      'clock',
    ])
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
    const known = this.#find(charge.key, nowMs)
    const asked = outcomesOf(known, charge, nowMs, charge.cost)
    const refusedOutright = outrightIfBanned(known, charge, nowMs, asked)
    if (refusedOutright !== undefined) return refusedOutright
    if (asked.some((outcome) => !outcome.allowed)) return this.#refuse(known, charge, nowMs, asked)
    const entry = known ?? this.#add(charge.key, nowMs)
    entry.limits = charge.limits
    entry.states = asked.map((outcome) => outcome.state)
    keepUntil(entry, nowMs + longestTtlMs(charge.limits))
    entry.fullness = fullnessOf(charge.limits, asked)
    return admission(charge, asked, nowMs, new MemoryReceipt(charge.key, entry, charge.cost))
  }

  peek(charge: Charge): Decision {
    const nowMs = this.#begin()
    const known = this.#find(charge.key, nowMs)
    const asked = outcomesOf(known, charge, nowMs, charge.cost)
    const refusedOutright = outrightIfBanned(known, charge, nowMs, asked)
    if (refusedOutright !== undefined) return refusedOutright
    if (asked.some((outcome) => !outcome.allowed)) return refusal(charge, asked, known, nowMs)
    return admission(charge, outcomesOf(known, charge, nowMs, 0), nowMs)
  }

  refund(receipt: Receipt): void {
    if (MemoryReceipt.is(receipt)) receipt.redeem(this.#entries, this.#now())
  }

  block(key: string, forMs: number): void {
    const nowMs = this.#begin()
    const entry = this.#find(key, nowMs) ?? this.#add(key, nowMs)
    entry.ban = banned(nowMs, forMs)
    entry.expiresAtMs = nowMs + Math.max(forMs, longestTtlMs(entry.limits))
  }

  unblock(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    entry.ban = undefined
    // Without the ban there may be nothing left to remember, or not for so long.
    entry.expiresAtMs = this.#begin() + longestTtlMs(entry.limits)
    if (entry.states.length === 0) this.#entries.delete(key)
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

  #find(key: string, nowMs: number): MemoryEntry | undefined {
    const entry = this.#entries.get(key)
    if (entry !== undefined) settleEntry(entry, nowMs)
    return entry
  }

  /** Takes nothing; notes that the client is at its limit, and the refusal where a ban may come of it. */
  #refuse(known: MemoryEntry | undefined, charge: Charge, nowMs: number, asked: Outcomes): Decision {
    if (known !== undefined) known.fullness = 1
    const ban = this.#noteRefusal(known, charge, nowMs)
    if (ban !== undefined) return outright(charge, asked, ban)
    return refusal(charge, asked, known, nowMs)
  }

  #noteRefusal(known: MemoryEntry | undefined, { key, ban: rule }: Charge, nowMs: number): Ban | undefined {
    if (rule === undefined) return undefined
    const entry = known ?? this.#add(key, nowMs)
    entry.ban = withRefusal(entry.ban, nowMs, rule)
    const endsInMs = banEndsInMs(entry.ban, nowMs)
    keepUntil(entry, nowMs + Math.max(rule.refusals.windowMs, endsInMs))
    return endsInMs === 0 ? undefined : { endsInMs, isNew: true }
  }

  #add(key: string, nowMs: number): MemoryEntry {
    if (this.#entries.size >= this.#maxKeys) this.#evictor.evictOne(nowMs)
    const entry = emptyEntry()
    this.#entries.set(key, entry)
    return entry
  }
}

/** The answer to a banned client, whatever its limits say; undefined for anybody else. */
function outrightIfBanned(
  known: MemoryEntry | undefined,
  charge: Charge,
  nowMs: number,
  asked: Outcomes,
): Decision | undefined {
  const endsInMs = banEndsInMs(known?.ban, nowMs)
  return endsInMs === 0 ? undefined : outright(charge, asked, { endsInMs, isNew: false })
}

function longestTtlMs(limits: readonly Limit[]): number {
  return Math.max(0, ...limits.map((limit) => limit.ttlMs))
}

/** An entry is kept for whatever in it lasts longest. */
function keepUntil(entry: MemoryEntry, atMs: number): void {
  if (atMs > entry.expiresAtMs) entry.expiresAtMs = atMs
}
