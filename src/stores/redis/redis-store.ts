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
// The other Lua files are twins of files in src/limits. scripts/assemble-script.ts puts the files of a script
// together. Each file of clients/ hides one package. Refunds, bans and resets need redis-receipt.ts and the
// other scripts too.
import { randomInt } from 'node:crypto'
import { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import { FirstIds } from '../../limits/algorithm.ts'
import { ALGORITHM_NAMES } from '../../limits/algorithms.ts'
import type { Decision, Receipt } from '../../limits/decision.ts'
import type { Charge, Store, StoreCapabilities } from '../store.ts'
import { ChargeSpecs } from './charge-spec.ts'
import { connectionOf, keyPrefixOf } from './clients/detect-client.ts'
import type { RedisConnection, SendCommand } from './clients/redis-connection.ts'
import { keyPattern, redisKeysOf } from './redis-key.ts'
import { RedisReceipt } from './redis-receipt.ts'
import { type RedisStoreOptions, settingsOf } from './redis-store-options.ts'
import { RefusalCache } from './refusal-cache.ts'
import { decisionOf, receiptNumbersOf, replyNumbersOf } from './reply.ts'
import {
  blockScript,
  decideScript,
  refundScript,
  type Script,
  unblockScript,
} from './scripts/redis-scripts.ts'

const KEYS_PER_SCAN = '1000'

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
  readonly #connection: RedisConnection
  readonly #prefix: string
  readonly #keyOf: (key: string) => string
  readonly #clock: { now(): number } | undefined
  readonly #specs = new ChargeSpecs()
  readonly #refusals: RefusalCache | undefined
  readonly #firstIds = new FirstIds(randomInt(2 ** 32))
  #closed = false

  /** @throws RateLimiterError `unknown_option` or `invalid_option` */
  constructor(options: RedisStoreOptions) {
    const { client, prefix, deadlineMs, refusalCache, clock } = settingsOf(options)
    this.deadlineMs = deadlineMs
    this.#clock = clock
    if (refusalCache !== false) this.#refusals = new RefusalCache(refusalCache)
    this.#connection = connectionOf(client)
    this.#prefix = keyPrefixOf(client) + prefix
    this.#keyOf = redisKeysOf(this.#prefix)
  }

  consume(charge: Charge): Decision | Promise<Decision> {
    this.#checkOpen()
    return this.#refusals?.answer(charge, this.#localNow()) ?? this.#consume(charge)
  }

  async peek(charge: Charge): Promise<Decision> {
    this.#checkOpen()
    return decisionOf(replyNumbersOf(await this.#decide(charge, 'peek'), charge), charge)
  }

  async refund(receipt: Receipt): Promise<void> {
    const charge = RedisReceipt.isOf(this, receipt) ? receipt.spend() : undefined
    if (charge === undefined) return
    const { key, limits, cost, receiptNumbers } = charge
    this.#refusals?.forget(key)
    const args = [this.#specs.ofLimits(limits), String(cost), JSON.stringify(receiptNumbers)]
    await this.#run(refundScript, key, args)
    this.#refusals?.forget(key)
  }

  async block(key: string, forMs: number): Promise<void> {
    await this.#changeKey(key, () => this.#run(blockScript, key, [String(forMs)]))
  }

  async unblock(key: string): Promise<void> {
    await this.#changeKey(key, () => this.#run(unblockScript, key, []))
  }

  async reset(key: string): Promise<void> {
    await this.#changeKey(key, async () => {
      await this.#connection.ready(this.deadlineMs)
      await this.#connection.delete(this.#keyOf(key))
    })
  }

  /** Scans all keys of all servers, and deletes those that start with the prefix. */
  async resetAll(): Promise<void> {
    this.#checkOpen()
    this.#refusals?.clear()
    await this.#connection.ready(this.deadlineMs)
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
    const callTimes = { askedAtMs, answeredAtMs: this.#localNow(), generation }
    if (!decision.allowed) this.#refusals?.note(charge, decision, callTimes)
    if (!decision.allowed || !isRefundable) return decision
    const { key, limits, cost } = charge
    const receipt = new RedisReceipt({
      store: this,
      key,
      limits,
      cost,
      receiptNumbers: receiptNumbersOf(numbers, charge),
    })
    return { ...decision, receipt }
  }

  #decide(charge: Charge, verb: 'consume' | 'peek'): Promise<unknown> {
    const { json, shortForm } = this.#specs.of(charge)
    const spec = verb === 'consume' && shortForm !== undefined ? shortForm : [json, verb]
    return this.#run(decideScript, charge.key, [String(charge.cost), String(this.#firstIds.next()), ...spec])
  }

  /**
   * Names the script by its digest. If the server does not know the digest, sends the text, once. No command
   * is sent again for any other reason.
   */
  async #run(script: Script, key: string, args: readonly string[]): Promise<unknown> {
    const startedAtMs = performance.now()
    const connection = this.#connection
    const isReady = connection.ready(this.deadlineMs)
    if (isReady !== undefined) await isReady
    const redisKey = this.#keyOf(key)
    const allArgs = [this.#clock === undefined ? '' : String(this.#localNow()), ...args]
    try {
      return await connection.evalSha(script.sha, redisKey, allArgs)
    } catch (error) {
      const isLate = performance.now() - startedAtMs > this.deadlineMs
      if (isLate || !isNoScript(error)) throw error
      return connection.eval(script.source, redisKey, allArgs)
    }
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

function isNoScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT')
}

async function deleteAll(send: SendCommand, pattern: string): Promise<void> {
  let cursor = '0'
  do {
    const reply = await send(['SCAN', cursor, 'MATCH', pattern, 'COUNT', KEYS_PER_SCAN])
    const [next, keys] = reply as [unknown, unknown[]]
    // One command for each key: in a cluster, one command cannot have keys of several slots.
    await Promise.all(keys.map((key) => send(['UNLINK', String(key)])))
    cursor = String(next)
  } while (cursor !== '0')
}
