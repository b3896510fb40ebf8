/**
 * A process that makes charges at once and counts their results, for tests that run several. The environment has
 * the address of Redis in REDIS_URL and the Redis client in CLIENT. It connects when the first burst comes.
 */
import { createRateLimiter, type RateLimiter } from '../../../src/index.ts'
import { RedisStore } from '../../../src/stores/redis/redis-store.ts'
import { CLIENTS } from './clients.ts'

/** Asks for charges of one client at once. */
export interface Burst {
  readonly client: string
  readonly charges: number
  readonly limit: number
  readonly deadlineMs: number
  readonly connectDeadlineMs: number
  /** For how long the process is busy with something else after it has sent the charges, in milliseconds. */
  readonly busyMs: number
}

/** How many charges of a burst were allowed, and the errors of those that failed. */
export interface BurstResult {
  readonly allowed: number
  readonly errors: readonly string[]
  /** Of the circuit breaker. */
  readonly state: string
}

const { REDIS_URL = '', CLIENT = '' } = process.env
let limiter: RateLimiter | undefined

async function createLimiter({ limit, deadlineMs, connectDeadlineMs }: Burst): Promise<RateLimiter> {
  const connect = CLIENTS[CLIENT]
  if (connect === undefined) throw new Error(`unknown client ${CLIENT}`)
  const { client } = await connect(REDIS_URL)
  const store = new RedisStore({ client, deadlineMs, connectDeadlineMs })
  // The fallback would hide failures of the store.
  return createRateLimiter({ read: limit, windowSec: 3600, store, onStoreError: 'deny' })
}

if (REDIS_URL !== '') {
  process.on('message', async (burst: Burst) => {
    limiter ??= await createLimiter(burst)
    const { client, charges, busyMs } = burst
    const decisions = Array.from({ length: charges }, () => limiter?.consume(client, { class: 'read' }))
    // ioredis sends the commands in the next tick, and node-redis in an immediate.
    const block = (): unknown => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, busyMs)
    setImmediate(() => setImmediate(block))
    const results = await Promise.allSettled(decisions)
    const errors = results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []))
    const allowed = results.filter((result) => result.status === 'fulfilled' && result.value?.allowed).length
    process.send?.({ allowed, errors, state: limiter.health().state } satisfies BurstResult)
  })
  process.once('disconnect', () => process.exit())
  process.send?.('started')
}
