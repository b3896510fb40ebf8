// How Redis decides on a charge. To understand it, read these files in this order:
//
//  1. redis-store.ts               from a charge to a command, and from a reply to a decision
//  2. refusal-cache.ts             refusals that need no command
//  3. charge-spec.ts               the arguments of the script
//  4. clients/redis-connection.ts  what the store needs of a client
//  5. scripts/redis-scripts.ts     the scripts and their digests
//  6. scripts/decide.lua           what the server runs
//  7. scripts/single-window.lua    its short path for the most frequent charge
//  8. scripts/stored-client.lua    what Redis stores of a client
//  9. scripts/storage.lua          how a script reads and writes it
// 10. scripts/limits.lua           all limits of a client at once
// 11. reply.ts                     the numbers that the script answers
//
// script-runner.ts sends the text of a script to a server that does not have it.
// The other Lua files repeat files in src/limits. scripts/assemble-script.ts puts the files of a script
// together. Each file of clients/ is for one package. Settlements, bans and resets need redis-receipt.ts and the
// other scripts too.
import { randomInt } from 'node:crypto'
import { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import { type ChargeRecord, FirstIds } from '../../limits/algorithm.ts'
import { ALGORITHM_NAMES } from '../../limits/algorithms.ts'
import type { Decision, Receipt } from '../../limits/decision.ts'
import { CounterBound } from '../counter-bound.ts'
import { CallDeadline } from '../resilience/call-deadline.ts'
import { withDeadline } from '../resilience/deadline.ts'
import { storeFailedError } from '../resilience/store-error.ts'
import type { Charge, Store, StoreCapabilities } from '../store.ts'
import { ChargeSpecs } from './charge-spec.ts'
import { connectionOf, keyPrefixOf } from './clients/detect-client.ts'
import type { RedisConnection } from './clients/redis-connection.ts'
import { serverAddressOf } from './clients/server-address.ts'
import { deleteAll } from './delete-all.ts'
import { isReplyOfHealthyRedis } from './error-replies.ts'
import { keyPattern, redisKeysOf } from './redis-key.ts'
import { RedisReceipt } from './redis-receipt.ts'
import { type RedisStoreOptions, settingsOf } from './redis-store-options.ts'
import { RefusalCache } from './refusal-cache.ts'
import { decisionOf, droppedCountersOf, receiptNumbersOf, recordsOf, replyNumbersOf } from './reply.ts'
import { ScriptRunner } from './script-runner.ts'
import {
  blockScript,
  decideScript,
  type Script,
  settleScript,
  unblockScript,
} from './scripts/redis-scripts.ts'

/** No limiter has this key, because its keys have a name and a class. */
const READY_KEY = 'ready'

/** The wait for the connection ends a little before the call: its error says why there is no connection. */
const MARGIN_MS = 10

/**
 * A store in Redis, for all processes that share it. One script decides on all limits of a charge at once,
 * with one key, by the time of the server.
 */
export class RedisStore implements Store {
  readonly capabilities: StoreCapabilities = {
    algorithms: ALGORITHM_NAMES,
    severalLimits: true,
    bans: true,
    shared: true,
  }
  /**
   * How long an answer may take, in milliseconds. Limiters treat a later answer as a failure of the store.
   */
  readonly deadlineMs: number
  /**
   * How long an answer may take until Redis has answered for the first time, in milliseconds from the first use.
   */
  readonly connectDeadlineMs: number
  /** The server and the database, as far as the client shows them, and the prefix. */
  readonly countersAt: string
  readonly #connection: RedisConnection
  readonly #scripts: ScriptRunner
  readonly #deadline: CallDeadline
  readonly #prefix: string
  readonly #keyOf: (key: string) => string
  readonly #clock: { now(): number } | undefined
  readonly #specs = new ChargeSpecs()
  readonly #counterBound = new CounterBound('RedisStore')
  readonly #refusals: RefusalCache | undefined
  readonly #firstIds = new FirstIds(randomInt(2 ** 32))
  #closed = false

  /** @throws RateLimiterError `unknown_option` or `invalid_option` */
  constructor(options: RedisStoreOptions) {
    const { client, prefix, deadlineMs, connectDeadlineMs, refusalCache, clock } = settingsOf(options)
    this.deadlineMs = deadlineMs
    this.connectDeadlineMs = connectDeadlineMs
    this.#clock = clock
    if (refusalCache !== false) this.#refusals = new RefusalCache(refusalCache)
    this.#connection = connectionOf(client)
    this.#prefix = keyPrefixOf(client) + prefix
    this.#keyOf = redisKeysOf(this.#prefix)
    this.countersAt = `${serverAddressOf(client)} ${this.#prefix}`
    this.#deadline = new CallDeadline(deadlineMs, Math.max(1, connectDeadlineMs - MARGIN_MS))
    this.#scripts = new ScriptRunner(this.#connection, this.#deadline)
  }

  /**
   * Resolves when Redis is connected, has the scripts, and runs them. Call it before the server listens, so that
   * the first requests do not wait for the connection.
   *
   * @throws RateLimiterError `store_failed` with the cause, if that takes longer than `connectDeadlineMs`;
   *   `closed`
   */
  async ready(): Promise<void> {
    this.#checkOpen()
    const { connectDeadlineMs } = this
    try {
      await withDeadline(
        this.#connect(),
        connectDeadlineMs,
        () => new Error(`Redis did not answer within ${connectDeadlineMs} ms`),
      )
    } catch (error) {
      throw storeFailedError(error)
    }
  }

  /** Why Redis is not connected. Undefined if it is, or if the client does not show it. */
  problem(): Error | undefined {
    return this.#connection.problem()
  }

  /** Whether the failure of a call is a reply of a Redis that works. */
  isAlive(error: unknown): boolean {
    return isReplyOfHealthyRedis(error)
  }

  consume(charge: Charge): Decision | Promise<Decision> {
    this.#checkOpen()
    return this.#refusals?.answer(charge, this.#localNow()) ?? this.#consume(charge)
  }

  async peek(charge: Charge): Promise<Decision> {
    this.#checkOpen()
    return decisionOf(replyNumbersOf(await this.#decide(charge, 'peek'), charge), charge)
  }

  async settle(receipt: Receipt, cost: number): Promise<number> {
    if (!RedisReceipt.isOf(this, receipt)) return 0
    const { key, limits } = receipt.charge
    this.#refusals?.forget(key)
    const recorded = await receipt.settle(cost, async (records) => {
      const args = [this.#specs.ofLimits(limits), String(cost), JSON.stringify(records)]
      return recordsOf(await this.#run(settleScript, key, args), limits.length)
    })
    this.#refusals?.forget(key)
    return recorded
  }

  async block(key: string, forMs: number): Promise<void> {
    await this.#changeKey(key, () => this.#run(blockScript, key, [String(forMs)]))
  }

  async unblock(key: string): Promise<void> {
    await this.#changeKey(key, () => this.#run(unblockScript, key, []))
  }

  async reset(key: string): Promise<void> {
    await this.#changeKey(key, async () => {
      await this.#connection.ready(this.#deadline.lengthMs)
      await this.#connection.delete(this.#keyOf(key))
    })
  }

  /** Scans all keys of all servers, and deletes those that start with the prefix. */
  async resetAll(): Promise<void> {
    this.#checkOpen()
    this.#refusals?.clear()
    await this.#connection.ready(this.#deadline.lengthMs)
    const primaries = await this.#connection.primaries()
    await Promise.all(primaries.map((send) => deleteAll(send, keyPattern(this.#prefix))))
    this.#refusals?.clear()
  }

  /** Closes the connections that the store has opened. The application closes its client. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#refusals?.clear()
    await this.#connection.close()
  }

  async #consume(charge: Charge): Promise<Decision> {
    const generation = this.#refusals?.generation ?? 0
    const askedAtMs = this.#localNow()
    const isRefundable = charge.refundable !== false
    const numbers = replyNumbersOf(await this.#decide(charge, 'consume'), charge)
    const decision = decisionOf(numbers, charge)
    this.#counterBound.dropped(droppedCountersOf(numbers, charge))
    const callTimes = { askedAtMs, answeredAtMs: this.#localNow(), generation }
    if (!decision.allowed) this.#refusals?.note(charge, decision, callTimes)
    if (!decision.allowed || !isRefundable) return decision
    const { key, limits, cost } = charge
    const records = receiptNumbersOf(numbers, charge).map((own): ChargeRecord => [cost, ...own])
    return { ...decision, receipt: new RedisReceipt({ store: this, key, limits, records }) }
  }

  #decide(charge: Charge, verb: 'consume' | 'peek'): Promise<unknown> {
    const { json, shortForm } = this.#specs.of(charge)
    const spec = verb === 'consume' && shortForm !== undefined ? shortForm : [json, verb]
    const args = [String(charge.cost), String(this.#firstIds.next()), ...spec]
    return this.#run(decideScript, charge.key, args, charge)
  }

  #run(script: Script, key: string, args: readonly string[], charge?: Charge): Promise<unknown> {
    const time = this.#clock === undefined ? '' : String(this.#localNow())
    return this.#scripts.run(script, this.#keyOf(key), [time, ...args], charge)
  }

  /** The two commands change nothing. A server that cannot write rejects the second one. */
  async #connect(): Promise<void> {
    await this.#connection.ready(Math.max(1, this.connectDeadlineMs - MARGIN_MS))
    await this.#scripts.load()
    await this.#run(unblockScript, READY_KEY, [])
    await this.#connection.delete(this.#keyOf(READY_KEY))
  }

  /**
   * Forgets refusals of the key before and after the change, so that none from before or during it remains.
   */
  async #changeKey(key: string, change: () => Promise<unknown>): Promise<void> {
    this.#checkOpen()
    this.#refusals?.forget(key)
    await change()
    this.#refusals?.forget(key)
  }

  /** The time of this process, for the refusal cache. Decisions use the time of the server. */
  #localNow(): number {
    return this.#clock === undefined ? performance.now() : Math.floor(this.#clock.now())
  }

  #checkOpen(): void {
    if (!this.#closed) return
    throw new RateLimiterError({
      code: 'closed',
      problem: 'this RedisStore was closed',
      remedy: 'Close it after the last request.',
    })
  }
}
