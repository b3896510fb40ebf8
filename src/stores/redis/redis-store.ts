import { randomInt } from 'node:crypto'
import { checkNames, checkWholeNumber, rejectOption } from '../../errors/option-checks.ts'
import { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import { FirstIds } from '../../limits/algorithm.ts'
import { ALGORITHM_NAMES } from '../../limits/algorithms.ts'
import type { Decision, Receipt } from '../../limits/decision.ts'
import type { Charge, Store, StoreCapabilities } from '../store.ts'
import { ChargeSpecs } from './charge-spec.ts'
import { connectionOf, keyPrefixOf, type RedisClient } from './clients/detect-client.ts'
import type { RedisConnection, SendCommand } from './clients/redis-connection.ts'
import { keyPattern, redisKeysOf } from './redis-key.ts'
import { RedisReceipt } from './redis-receipt.ts'
import { RefusalCache } from './refusal-cache.ts'
import { decisionOf, marksOf, numbersOf } from './reply.ts'
import { blockScript, decideScript, refundScript, type Script, unblockScript } from './scripts/scripts.ts'

/** Options of {@link RedisStore}. */
export interface RedisStoreOptions {
  /** Connected to Redis 6.2 or later, or to Valkey. Stays its owner's to close. */
  readonly client: RedisClient
  /** Begins every key. Default: `'tollgate'`. */
  readonly prefix?: string
  /** How long an answer may take, in milliseconds. Default: 100. */
  readonly deadlineMs?: number
  /**
   * How many keys that Redis has refused are refused without asking it, until their release; `false` for none.
   * Default: 10,000.
   */
  readonly refusalCache?: number | false
  /** Time in milliseconds, for tests. Default: the clock of the server. */
  readonly clock?: { now(): number }
}

const DEFAULT_CACHED_REFUSALS = 10_000
const MOST_CACHED_REFUSALS = 10_000_000
const LONGEST_TIMER_MS = 2 ** 31 - 1
const KEYS_PER_SCAN = '1000'

/**
 * Keeps counters in Redis, for all processes that share it. One script decides on all limits of a charge at once, on
 * one key, by the server's time.
 */
export class RedisStore implements Store {
  readonly capabilities: StoreCapabilities = {
    algorithms: ALGORITHM_NAMES,
    severalLimits: true,
    bans: true,
    shared: true,
  }
  /** How long an answer may take, in milliseconds: limiters hold it to that. */
  readonly deadlineMs: number
  readonly #connection: RedisConnection
  readonly #prefix: string
  readonly #keyOf: (key: string) => string
  readonly #clock: { now(): number } | undefined
  readonly #specs = new ChargeSpecs()
  readonly #refusals: RefusalCache | undefined
  readonly #firstIds = new FirstIds(randomInt(2 ** 32))
  #closed = false

  /** @throws RateLimiterError when an option is unknown or has a value that it does not take */
  constructor(options: RedisStoreOptions) {
    const names = ['client', 'prefix', 'deadlineMs', 'refusalCache', 'clock']
    const {
      client,
      prefix = 'tollgate',
      deadlineMs = 100,
      refusalCache = DEFAULT_CACHED_REFUSALS,
      clock,
    } = checkNames('RedisStore', options, names)
    this.deadlineMs = checkWholeNumber('RedisStore.deadlineMs', deadlineMs, 1, LONGEST_TIMER_MS)
    if (typeof prefix !== 'string' || !/^[!-z|~]*$/.test(prefix.replace(/\{([^{}]+)\}/, '$1'))) {
      const remedy = 'It begins every key; braces may name one slot of a cluster: {app}.'
      rejectOption('RedisStore.prefix', prefix, 'takes printable ASCII without spaces', remedy)
    }
    if (clock !== undefined && typeof clock?.now !== 'function') {
      rejectOption('RedisStore.clock', clock, 'takes a clock', 'Give { now(): number } in milliseconds.')
    }
    this.#clock = clock
    if (refusalCache !== false) {
      this.#refusals = new RefusalCache(
        checkWholeNumber('RedisStore.refusalCache', refusalCache, 1, MOST_CACHED_REFUSALS),
      )
    }
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
    return decisionOf(numbersOf(await this.#decide(charge, 'peek'), charge), charge)
  }

  async refund(receipt: Receipt): Promise<void> {
    const taken = RedisReceipt.isOf(this, receipt) ? receipt.spend() : undefined
    if (taken === undefined) return
    const { key, limits, cost, marks } = taken
    this.#refusals?.forget(key)
    await this.#run(refundScript, key, [this.#specs.ofLimits(limits), String(cost), JSON.stringify(marks)])
    this.#refusals?.forget(key)
  }

  async block(key: string, forMs: number): Promise<void> {
    await this.#change(key, () => this.#run(blockScript, key, [String(forMs)]))
  }

  async unblock(key: string): Promise<void> {
    await this.#change(key, () => this.#run(unblockScript, key, []))
  }

  async reset(key: string): Promise<void> {
    await this.#change(key, async () => {
      await this.#connection.ready(this.deadlineMs)
      await this.#connection.delete(this.#keyOf(key))
    })
  }

  /** Goes over all keys of all servers, and deletes those that begin with the prefix. */
  async resetAll(): Promise<void> {
    this.#checkOpen()
    this.#refusals?.clear()
    await this.#connection.ready(this.deadlineMs)
    const primaries = await this.#connection.primaries()
    await Promise.all(primaries.map((send) => deleteAll(send, keyPattern(this.#prefix))))
    this.#refusals?.clear()
  }

  /** Closes what the store has opened; the client given stays its owner's to close. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#refusals?.clear()
    await this.#connection.close()
  }

  async #consume(charge: Charge): Promise<Decision> {
    const generation = this.#refusals?.generation ?? 0
    const askedAtMs = this.#localNow()
    const wantsReceipt = charge.refundable !== false
    const numbers = numbersOf(await this.#decide(charge, 'consume'), charge)
    const decision = decisionOf(numbers, charge)
    const during = { askedAtMs, answeredAtMs: this.#localNow(), generation }
    if (!decision.allowed) this.#refusals?.note(charge, decision, during)
    if (!decision.allowed || !wantsReceipt) return decision
    const { key, limits, cost } = charge
    const receipt = new RedisReceipt({ store: this, key, limits, cost, marks: marksOf(numbers, charge) })
    return { ...decision, receipt }
  }

  #decide(charge: Charge, verb: 'consume' | 'peek'): Promise<unknown> {
    const { text, oneWindow } = this.#specs.of(charge)
    const spec = verb === 'consume' && oneWindow !== undefined ? oneWindow : [text, verb]
    return this.#run(decideScript, charge.key, [String(charge.cost), String(this.#firstIds.next()), ...spec])
  }

  /** By its digest; with its text, once, where the server does not know it. Nothing else is ever sent again. */
  async #run(script: Script, key: string, args: readonly string[]): Promise<unknown> {
    const beganAtMs = performance.now()
    const connection = this.#connection
    const isReady = connection.ready(this.deadlineMs)
    if (isReady !== undefined) await isReady
    const redisKey = this.#keyOf(key)
    const all = [this.#clock === undefined ? '' : String(this.#localNow()), ...args]
    try {
      return await connection.evalSha(script.sha, redisKey, all)
    } catch (error) {
      const isLate = performance.now() - beganAtMs > this.deadlineMs
      if (isLate || !isNoScript(error)) throw error
      return connection.eval(script.source, redisKey, all)
    }
  }

  /** Whatever was known of the key before and during the change holds no longer. */
  async #change(key: string, change: () => Promise<unknown>): Promise<void> {
    this.#checkOpen()
    this.#refusals?.forget(key)
    await change()
    this.#refusals?.forget(key)
  }

  /** For what is measured here; decisions are made by the server's time. */
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
    // One by one: in a cluster keys of several slots do not go into one command.
    await Promise.all(keys.map((key) => send(['UNLINK', String(key)])))
    cursor = String(next)
  } while (cursor !== '0')
}
