/**
 * A process that makes charges and settles them, several at a time, for tests that run several processes. The environment
 * has the address of Redis in REDIS_URL and the Redis client in CLIENT.
 */

import { createRateLimiter, type RateLimiter } from '../../../src/index.ts'
import type { Receipt } from '../../../src/limits/decision.ts'
import type { AlgorithmName } from '../../../src/limits/limit.ts'
import { RedisStore } from '../../../src/stores/redis/redis-store.ts'
import { ALGORITHMS } from '../charges.ts'
import { seededRandom } from '../seeded-random.ts'
import { CLIENTS } from './clients.ts'

/** The limit of all processes. Its window is so long that no unit comes back while a test runs. */
export const LIMIT = 100
export const MAX_DEBT = 40
const WINDOW_SEC = 604_800

/** What a process does at once: new charges that it settles, further settlements of all its charges, or refunds of all. */
export interface SettlingOrder {
  readonly kind: 'charge' | 'settle' | 'refund'
  readonly algorithm: AlgorithmName
  readonly client: string
  readonly seed: number
  /** How many new charges. */
  readonly charges: number
}

export interface SettlingResult {
  /** The units that are recorded now, for each charge of the client that this process has taken. */
  readonly recorded: readonly number[]
  readonly errors: readonly string[]
}

/** One limiter of each algorithm, on one store. */
export function createSettlingLimiters(store: RedisStore): ReadonlyMap<AlgorithmName, RateLimiter> {
  return new Map(
    ALGORITHMS.map((algorithm) => {
      const limit = { limit: LIMIT, windowSec: WINDOW_SEC, algorithm, maxDebt: MAX_DEBT }
      // The fallback would hide failures of the store.
      return [algorithm, createRateLimiter({ name: algorithm, limit, store, onStoreError: 'deny' })]
    }),
  )
}

/** A store that waits for Redis as long as a busy machine needs. */
export async function createPatientStore(url: string, clientName: string): Promise<RedisStore> {
  const connect = CLIENTS[clientName]
  if (connect === undefined) throw new Error(`unknown client ${clientName}`)
  const { client } = await connect(url)
  return new RedisStore({ client, deadlineMs: 60_000, connectDeadlineMs: 60_000 })
}

interface TakenCharge {
  readonly receipt: Receipt
  recorded: number
}

type Random = (below: number) => number

/** A cost that gives back, changes little, or leads to a debt. */
function randomCost(random: Random): number {
  return [() => 0, () => random(6), () => random(60), () => random(1000)][random(4)]?.() ?? 0
}

/** The charges of one client, and their settlements. */
class SettledCharges {
  readonly #limiter: RateLimiter
  readonly #taken: TakenCharge[] = []
  readonly #errors: string[] = []

  constructor(limiter: RateLimiter) {
    this.#limiter = limiter
  }

  get result(): SettlingResult {
    return { recorded: this.#taken.map(({ recorded }) => recorded), errors: this.#errors }
  }

  async follow({ kind, client, charges }: SettlingOrder, random: Random): Promise<void> {
    const works =
      kind === 'charge'
        ? Array.from({ length: charges }, () => this.#charge(client, random))
        : this.#taken.map((taken) => this.#settle(taken, kind === 'refund' ? 0 : randomCost(random)))
    const results = await Promise.allSettled(works)
    for (const result of results) if (result.status === 'rejected') this.#errors.push(String(result.reason))
  }

  async #charge(client: string, random: Random): Promise<void> {
    const cost = 1 + random(5)
    const { receipt } = await this.#limiter.consume(client, { cost })
    if (receipt === undefined) return
    const taken = { receipt, recorded: cost }
    this.#taken.push(taken)
    for (let times = random(4); times > 0; times--) await this.#settle(taken, randomCost(random))
  }

  async #settle(taken: TakenCharge, cost: number): Promise<void> {
    taken.recorded = await this.#limiter.settle(taken.receipt, cost)
  }
}

const { REDIS_URL = '', CLIENT = '' } = process.env

if (REDIS_URL !== '' && process.send !== undefined) {
  const store = await createPatientStore(REDIS_URL, CLIENT)
  const limiters = createSettlingLimiters(store)
  let charges: SettledCharges | undefined
  let client = ''
  process.on('message', async (order: SettlingOrder) => {
    const limiter = limiters.get(order.algorithm)
    if (limiter === undefined) throw new Error(`no limiter with ${order.algorithm}`)
    if (charges === undefined || client !== order.client) charges = new SettledCharges(limiter)
    client = order.client
    await charges.follow(order, seededRandom(order.seed))
    process.send?.(charges.result)
  })
  process.once('disconnect', () => process.exit())
  await store.ready()
  process.send('started')
}
