/*
 * The memory store as its users see it. To understand a decision in memory, read these files in this order:
 *
 *  1. ../store.ts                     what a store is asked, and what it promises
 *  2. ../../limits/decision.ts        what it answers
 *  3. ../../limits/algorithm.ts       what an algorithm is asked, and what it answers
 *  4. ../../limits/fixed-window.ts    one algorithm
 *  5. memory-store.ts                 reads the clock, finds the client of the key, has the charge decided
 *  6. decider.ts                      decides the charge, and composes the answer
 *  7. open-window-charge.ts           decides the most frequent charges faster
 *  8. client-entry.ts                 what is known of a client
 *  9. client-cursor.ts                reads a client and writes it
 *
 * Of the other files the first comment is enough: table/ keeps each client as a row of words, and finds the row.
 * capacity/ forgets expired clients, makes room in a full store, and counts the new clients that found no room.
 * persistence/ keeps the clients in a file; memory-store-parts.ts is what it sees of a store.
 * memory-receipt.ts settles a charge. memory-stats.ts recognises a memory store by its figures. wall-time.ts gives calendar
 * windows their time.
 *
 * Twin: src/stores/redis/scripts/block.lua
 */
import { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import { ALGORITHM_NAMES } from '../../limits/algorithms.ts'
import { banned } from '../../limits/ban.ts'
import type { Decision, Receipt } from '../../limits/decision.ts'
import { monotonicClock } from '../monotonic-clock.ts'
import type { Charge, Store, StoreCapabilities } from '../store.ts'
import { Ceiling } from './capacity/ceiling.ts'
import { Overflow, SHARED_CLIENTS } from './capacity/overflow.ts'
import { PruningTimer } from './capacity/pruner.ts'
import { ClientCursor, type ClientRows } from './client-cursor.ts'
import { emptyEntry, overAtMs } from './client-entry.ts'
import { Decider } from './decider.ts'
import { MemoryReceipt } from './memory-receipt.ts'
import type { MemoryStoreStats } from './memory-stats.ts'
import { type MemoryStoreOptions, settingsOf } from './memory-store-options.ts'
import type { MemoryStoreParts } from './memory-store-parts.ts'
import { ClientTable } from './table/client-table.ts'
import { KeyHash } from './table/key-hash.ts'
import { longestTtlMs, RowSchemas } from './table/row-schemas.ts'
import { WallTime } from './wall-time.ts'

export type { MemoryStoreOptions } from './memory-store-options.ts'

/**
 * Keeps counters in this process. Answers directly, never with a promise.
 *
 * Clients are kept in a table of typed arrays. A client with one fixed window or one token bucket takes about 38
 * bytes. The key itself is not kept: a hash of 96 bits, with a secret of this store, takes its place. A client that
 * was idle for its `ttlMs` is forgotten. Each new client has two others checked for that, and a timer, which does not
 * keep the process alive, checks the rest.
 *
 * At `maxKeys` a new client replaces an expired client. Where there is none, it replaces the one furthest from its
 * limit now among 16 clients chosen at random. A client that is limited or banned now is not replaced. Where 256 clients
 * in a row are limited or banned, there is no room: such new clients share the quota of 64 clients.
 *
 * @see https://express-tollgate.github.io/express-tollgate/stores
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
  readonly #wallTime: WallTime
  readonly #hash = new KeyHash()
  readonly #clients: ClientRows
  readonly #ceiling: Ceiling
  readonly #client: ClientCursor
  readonly #decider: Decider
  readonly #overflow: Overflow
  readonly #timer: PruningTimer
  readonly #parts: MemoryStoreParts
  #isClosed = false

  /** @throws RateLimiterError when an option is unknown or has an invalid value */
  constructor(options: MemoryStoreOptions = {}) {
    const { maxKeys, clock } = settingsOf(options)
    this.#maxKeys = maxKeys
    // Whole milliseconds: with fractions, 60 s would be 60.0000001 s, which a header rounds up to 61.
    this.#now = () => Math.floor(clock.now())
    this.#wallTime = new WallTime(clock)
    const createdAtMs = this.#now()
    const clientRows = (mostClients: number): ClientRows => {
      return { table: new ClientTable(mostClients), schemas: new RowSchemas(), createdAtMs }
    }
    this.#clients = clientRows(this.#maxKeys)
    this.#client = new ClientCursor(this.#clients)
    this.#ceiling = new Ceiling(this.#clients, this.#maxKeys, this)
    this.#decider = new Decider(this.#client, this.#clients.schemas, (newClient, nowMs) => {
      this.#timer.start()
      return this.#ceiling.makeRoom(newClient, nowMs)
    })
    const overflow = clientRows(SHARED_CLIENTS)
    // A hash of its own, because each call of a hash overwrites the fingerprint before.
    const hashes = [this.#hash, new KeyHash(this.#hash.secret)] as const
    this.#overflow = new Overflow(overflow, hashes[1])
    this.#timer = new PruningTimer([this.#ceiling.pruner, this.#overflow.pruner], this.#now)
    this.#parts = {
      hashes,
      clients: this.#clients,
      overflow,
      ceiling: this.#ceiling,
      timer: this.#timer,
      clock,
      now: this.#now,
      wallTime: this.#wallTime,
      stop: () => {
        this.#isClosed = true
      },
    }
  }

  /** @internal */
  static partsOf(store: MemoryStore): MemoryStoreParts {
    return store.#parts
  }

  /**
   * The `consume` of a memory store whose decisions are valid: not of one with a clock of the application.
   *
   * @internal
   */
  static trustedConsume(this: void, store: Store): Store['consume'] | undefined {
    const isOurs = store instanceof MemoryStore && store.#parts.clock === monotonicClock
    return isOurs ? MemoryStore.prototype.consume : undefined
  }

  /** Keys remembered at present, including expired keys that are not removed yet. */
  get size(): number {
    return this.#clients.table.size
  }

  /** The figures of this store, for operators. */
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

  consume(given: Charge): Decision {
    const nowMs = this.#nowUnlessClosed()
    const charge = this.#wallTime.inCharge(given)
    this.#client.findKey(charge.key, this.#hash, charge.memo)
    return (
      this.#decider.consume(charge, nowMs) ?? this.#overflow.consume(this.#client.fingerprint, charge, nowMs)
    )
  }

  peek(given: Charge): Decision {
    const nowMs = this.#nowUnlessClosed()
    const charge = this.#wallTime.inCharge(given)
    const isKnown = this.#client.findKey(charge.key, this.#hash, charge.memo)
    const { fingerprint } = this.#client
    if (isKnown || this.#ceiling.hasRoom(fingerprint, nowMs)) return this.#decider.peek(charge, nowMs)
    return this.#overflow.peek(fingerprint, charge, nowMs)
  }

  /**
   * Takes over what another store has decided for a client, so that this store can continue from there. A new client
   * for which there is no room stays unknown.
   *
   * @internal
   */
  seedFromRemote(charge: Charge, decision: Decision): void {
    const nowMs = this.#nowUnlessClosed()
    this.#client.findKey(charge.key, this.#hash, charge.memo)
    this.#decider.seedFromRemote(this.#wallTime.inCharge(charge), decision, nowMs)
  }

  settle(receipt: Receipt, cost: number): number {
    if (!MemoryReceipt.is(receipt)) return 0
    const isOwn = receipt.isOf(this.#client) || receipt.isOf(this.#overflow.client)
    return isOwn ? receipt.settle(this.#now(), cost) : 0
  }

  /** Makes room for the client in any case, even where all others are limited or banned. */
  block(key: string, forMs: number): void {
    const nowMs = this.#nowUnlessClosed()
    const client = this.#client
    const isKnown = client.findKey(key, this.#hash)
    if (!isKnown) {
      this.#timer.start()
      this.#ceiling.makeRoomForBlock(client.fingerprint, nowMs)
    }
    const entry = isKnown ? client.read() : emptyEntry()
    entry.ban = banned(nowMs, forMs)
    entry.expiresAtMs = Math.max(nowMs + Math.max(forMs, longestTtlMs(entry.limits)), overAtMs(entry, nowMs))
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
    // Without the ban, the client need not be remembered longer than its limits.
    const nowMs = this.#nowUnlessClosed()
    entry.expiresAtMs = Math.max(nowMs + longestTtlMs(entry.limits), overAtMs(entry, nowMs))
    client.write(entry)
  }

  reset(key: string): void {
    if (this.#client.findKey(key, this.#hash)) this.#client.remove()
  }

  resetAll(): void {
    this.#timer.stop()
    this.#clients.table.clear()
    this.#clients.schemas.clear()
    this.#overflow.clear()
  }

  close(): void {
    this.#isClosed = true
    this.resetAll()
  }

  /** @throws RateLimiterError after the store was closed */
  #nowUnlessClosed(): number {
    if (!this.#isClosed) return this.#now()
    throw new RateLimiterError({
      code: 'closed',
      problem: 'this MemoryStore was closed',
      remedy: 'Close it after the last request.',
    })
  }
}
