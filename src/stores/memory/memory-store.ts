import { checkNames, checkWholeNumber, rejectOption } from '../../errors/option-checks.ts'
import { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import { ALGORITHM_NAMES } from '../../limits/algorithms.ts'
import { banned } from '../../limits/ban.ts'
import type { Decision, Receipt } from '../../limits/decision.ts'
import type { Charge, Store, StoreCapabilities } from '../store.ts'
import { Ceiling } from './capacity/ceiling.ts'
import { OVERFLOW_BUCKETS, Overflow } from './capacity/overflow.ts'
import { PruningTimer } from './capacity/pruning-timer.ts'
import { Decider } from './decider.ts'
import { MemoryReceipt } from './memory-receipt.ts'
import { ClientCursor, type ClientRows } from './table/client-cursor.ts'
import { emptyEntry } from './table/client-entry.ts'
import { ClientTable } from './table/client-table.ts'
import { KeyHash } from './table/key-hash.ts'
import { longestTtlMs, RowSchemas } from './table/row-schemas.ts'

/** Options of {@link MemoryStore}. */
export interface MemoryStoreOptions {
  /** Keys remembered at most: one for each limiter, class and client. Default: 1,000,000. */
  readonly maxKeys?: number
  /** Time in milliseconds, for tests. Default: a monotonic clock, which no operator can set back. */
  readonly clock?: { now(): number }
}

/** What a {@link MemoryStore} has come to. */
export interface MemoryStoreStats {
  /** Keys remembered at present, expired ones that were not pruned yet included. */
  readonly keys: number
  readonly maxKeys: number
  /** Bytes of memory that they take. */
  readonly bytes: number
  /** Keys forgotten for a newcomer's sake before their time: each may have been granted its quota anew. */
  readonly unexpiredEvictions: number
  /** Charges of newcomers for whom there was no room, which share a quota. */
  readonly overflowed: number
}

const DEFAULT_MAX_KEYS = 1_000_000

/** What the numbers of rows can tell apart, less what may stand empty. */
const LARGEST_MAX_KEYS = 16_000_000

/**
 * Keeps counters in this process. Answers directly, never with a promise.
 *
 * Clients stand in a table of typed arrays, where one with a window or a token bucket takes about 38 bytes. The key
 * is not kept: 96 bits of a hash with a secret of the process stand for it. Clients idle for their `ttlMs` are
 * forgotten, two on the way of each newcomer and the rest by a timer that does not keep the process alive.
 *
 * At `maxKeys` a newcomer takes the place of an expired client, or else of the one furthest from its limit of 16
 * that are drawn by lot. One that is refused or banned makes no room; where 256 in a row are, newcomers share 64
 * clients' worth of quota.
 */
export class MemoryStore implements Store {
  readonly capabilities: StoreCapabilities = {
    algorithms: ALGORITHM_NAMES,
    severalLimits: true,
    bans: true,
    shared: false,
  }
  readonly #maxKeys: number
  readonly #now: () => number
  readonly #hash = new KeyHash()
  readonly #clients: ClientRows
  readonly #ceiling: Ceiling
  readonly #client: ClientCursor
  readonly #decider: Decider
  readonly #overflow: Overflow
  readonly #timer: PruningTimer
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
    const madeAtMs = this.#now()
    const clientsOf = (mostClients: number): ClientRows => {
      return { table: new ClientTable(mostClients), schemas: new RowSchemas(), createdAtMs: madeAtMs }
    }
    this.#clients = clientsOf(this.#maxKeys)
    this.#client = new ClientCursor(this.#clients)
    this.#ceiling = new Ceiling(this.#clients, this.#maxKeys, this)
    this.#decider = new Decider(this.#client, this.#clients.schemas, (newcomer, nowMs) =>
      this.#ceiling.makeRoom(newcomer, nowMs),
    )
    this.#overflow = new Overflow(clientsOf(OVERFLOW_BUCKETS))
    this.#timer = new PruningTimer([this.#ceiling.pruner, this.#overflow.pruner], this.#now)
  }

  /** Keys remembered at present, expired ones that were not pruned yet included. */
  get size(): number {
    return this.#clients.table.size
  }

  /** What an operator may want to know; all of it since the store was made. */
  stats(): MemoryStoreStats {
    const { size, bytes } = this.#clients.table
    const { unexpiredEvictions } = this.#ceiling
    return {
      keys: size,
      maxKeys: this.#maxKeys,
      bytes: bytes + this.#overflow.bytes,
      unexpiredEvictions,
      overflowed: this.#overflow.charges,
    }
  }

  consume(charge: Charge): Decision {
    const nowMs = this.#begin()
    this.#client.findKey(charge.key, this.#hash)
    return (
      this.#decider.consume(charge, nowMs) ?? this.#overflow.consume(this.#client.fingerprint, charge, nowMs)
    )
  }

  peek(charge: Charge): Decision {
    const nowMs = this.#begin()
    const isKnown = this.#client.findKey(charge.key, this.#hash)
    const { fingerprint } = this.#client
    if (isKnown || this.#ceiling.hasRoom(fingerprint, nowMs)) return this.#decider.peek(charge, nowMs)
    return this.#overflow.peek(fingerprint, charge, nowMs)
  }

  /**
   * Takes over what another store has decided of a client, so that this one can go on from there. A client for whom
   * there is no room stays unknown.
   */
  seedFromRemote(charge: Charge, decision: Decision): void {
    const nowMs = this.#begin()
    this.#client.findKey(charge.key, this.#hash)
    this.#decider.seedFromRemote(charge, decision, nowMs)
  }

  refund(receipt: Receipt): void {
    if (!MemoryReceipt.is(receipt)) return
    if (receipt.isOf(this.#client) || receipt.isOf(this.#overflow.client)) receipt.redeem(this.#now())
  }

  /** An operator's block finds room even where all others are refused or banned. */
  block(key: string, forMs: number): void {
    const nowMs = this.#begin()
    const client = this.#client
    const isKnown = client.findKey(key, this.#hash)
    if (!isKnown) this.#ceiling.makeRoomForBlock(client.fingerprint, nowMs)
    const entry = isKnown ? client.read() : emptyEntry()
    entry.ban = banned(nowMs, forMs)
    entry.expiresAtMs = nowMs + Math.max(forMs, longestTtlMs(entry.limits))
    client.write(entry)
  }

  unblock(key: string): void {
    const client = this.#client
    if (!client.findKey(key, this.#hash)) return
    const entry = client.read()
    if (entry.states.length === 0) {
      client.remove()
      return
    }
    entry.ban = undefined
    // Without the ban there is less to remember, and not for so long.
    entry.expiresAtMs = this.#begin() + longestTtlMs(entry.limits)
    client.write(entry)
  }

  reset(key: string): void {
    if (this.#client.findKey(key, this.#hash)) this.#client.remove()
  }

  resetAll(): void {
    this.#clients.table.clear()
    this.#clients.schemas.clear()
    this.#overflow.clear()
  }

  close(): void {
    this.#closed = true
    this.#timer.stop()
    this.resetAll()
  }

  #begin(): number {
    if (!this.#closed) return this.#now()
    throw new RateLimiterError({
      code: 'closed',
      problem: 'this MemoryStore was closed',
      remedy: 'Close it after the last request.',
    })
  }
}
