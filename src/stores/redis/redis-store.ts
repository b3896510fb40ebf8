// How Redis decides on a charge. To understand it, read these files in this order:
//
//  1. redis-store.ts               from a charge to an operation, and from its answer to a decision
//  2. refusal-cache.ts             refusals that need no command
//  3. operation-form.ts            how an operation is written for the script
//  4. batcher.ts                   which operations go to Redis together
//  5. batch.ts                     several operations as one call
//  6. clients/redis-connection.ts  what the store needs of a client
//  7. scripts/batch.lua            what the server runs
//  8. scripts/stored-client.lua    what Redis stores of a client
//  9. scripts/single-window.lua    a short path for the most frequent charge
// 10. scripts/decide.lua           all other charges
// 11. reply.ts                     the answers of the script
//
// script-runner.ts sends the text of the script to a server that does not have it. scripts/storage.lua reads and
// writes all that Redis stores of a client, and scripts/limits.lua has all limits of a client. The other Lua files
// repeat files in src/limits, or are other operations. scripts/assemble-script.ts puts the files of the script
// together. Each file of clients/ is for one package. Settlements need redis-receipt.ts too.
import { randomInt } from 'node:crypto'
import { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import { type ChargeRecord, FirstIds } from '../../limits/algorithm.ts'
import { ALGORITHM_NAMES } from '../../limits/algorithms.ts'
import type { Decision, Receipt } from '../../limits/decision.ts'
import { CounterBound } from '../counter-bound.ts'
import { CallDeadline } from '../resilience/call-deadline.ts'
import type { Charge, Store, StoreCapabilities } from '../store.ts'
import { Batcher } from './batcher.ts'
import { connectionOf, keyPrefixOf } from './clients/detect-client.ts'
import type { RedisConnection } from './clients/redis-connection.ts'
import { serverAddressOf } from './clients/server-address.ts'
import { deleteAll } from './delete-all.ts'
import { isReplyOfHealthyRedis } from './error-replies.ts'
import { type OperationForm, OperationForms } from './operation-form.ts'
import { answersWithin, connectionWaitMs, READY_KEY } from './readiness.ts'
import { keyPattern, redisKeysOf } from './redis-key.ts'
import { RedisReceipt } from './redis-receipt.ts'
import { type RedisStoreOptions, settingsOf } from './redis-store-options.ts'
import { RefusalCache } from './refusal-cache.ts'
import { decisionOf, droppedCountersOf, receiptNumbersOf, recordsOf, replyNumbersOf } from './reply.ts'
import { ScriptRunner } from './script-runner.ts'

/**
 * A store in Redis, for all processes that share it. A script decides on all limits of a charge at once, with
 * one key, by the time of the server. What is asked in one turn of the event loop goes out in few calls of it.
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
  readonly #batcher: Batcher
  readonly #forms: OperationForms
  readonly #counterBound = new CounterBound('RedisStore')
  readonly #refusals: RefusalCache | undefined
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
    this.#forms = new OperationForms(() => (clock === undefined ? Date.now() : this.#localNow()))
    this.#deadline = new CallDeadline(deadlineMs, connectionWaitMs(connectDeadlineMs))
    this.#scripts = new ScriptRunner(this.#connection, this.#deadline)
    this.#batcher = new Batcher({
      scripts: this.#scripts,
      slotOf: (key) => this.#connection.slotOf(key),
      time: () => (clock === undefined ? '' : String(this.#localNow())),
      firstIds: new FirstIds(randomInt(2 ** 32)),
      sendsFirstAlone: this.#connection.sendsFirstAlone,
    })
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
    await answersWithin(this.connectDeadlineMs, this.#connect())
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
    return decisionOf(
      replyNumbersOf(await this.#run(charge.key, this.#forms.peek(charge), charge), charge),
      charge,
    )
  }

  async settle(receipt: Receipt, cost: number): Promise<number> {
    if (!RedisReceipt.isOf(this, receipt)) return 0
    const { key, limits } = receipt.charge
    this.#refusals?.forget(key)
    const recorded = await receipt.settle(cost, async (records) => {
      const reply = await this.#run(key, this.#forms.settle(limits, records, cost))
      return recordsOf(reply, limits.length)
    })
    this.#refusals?.forget(key)
    return recorded
  }

  async block(key: string, forMs: number): Promise<void> {
    await this.#changeKey(key, () => this.#run(key, this.#forms.block(forMs)))
  }

  async unblock(key: string): Promise<void> {
    await this.#changeKey(key, () => this.#run(key, this.#forms.unblock()))
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
    const numbers = replyNumbersOf(await this.#run(charge.key, this.#forms.consume(charge), charge), charge)
    const decision = decisionOf(numbers, charge)
    this.#counterBound.dropped(droppedCountersOf(numbers, charge))
    const callTimes = { askedAtMs, answeredAtMs: this.#localNow(), generation }
    if (!decision.allowed) this.#refusals?.note(charge, decision, callTimes)
    if (!decision.allowed || !isRefundable) return decision
    const { key, limits, cost } = charge
    const records = receiptNumbersOf(numbers, charge).map((own): ChargeRecord => [cost, ...own])
    return { ...decision, receipt: new RedisReceipt({ store: this, key, limits, records }) }
  }

  #run(key: string, form: OperationForm, charge?: Charge): Promise<unknown> {
    return this.#batcher.run(this.#keyOf(key), form, charge)
  }

  /** The two commands change nothing. A server that cannot write rejects the second one. */
  async #connect(): Promise<void> {
    await this.#connection.ready(connectionWaitMs(this.connectDeadlineMs))
    await this.#scripts.load()
    await this.#run(READY_KEY, this.#forms.unblock())
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
