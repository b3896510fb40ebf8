import type { Store } from 'express-tollgate'
import type { LeaseStore } from 'express-tollgate/concurrency'
import { RedisLeases, RedisStore } from 'express-tollgate/redis'
import { Redis } from 'ioredis'
import { shorten } from './problem.ts'

/** The place of the counters of all limiters. */
export interface CounterStore {
  /** Undefined if each limiter counts in this process. */
  readonly store: Store | undefined
  /** The places of requests in flight. Undefined if the limiter counts them in this process. */
  readonly leases: LeaseStore | undefined
  /** For a message. It never has a password. */
  readonly description: string
  close(): Promise<void>
}

/**
 * A store in Redis if `REDIS_URL` is set, so that several processes count together. Otherwise the limiters
 * count in this process.
 *
 * @param deadlineMs how long a decision may wait for Redis
 */
export function createStore(
  env: Readonly<Record<string, string | undefined>>,
  deadlineMs?: number,
): CounterStore {
  const url = readRedisUrl(env.REDIS_URL)
  if (url === undefined) {
    return {
      store: undefined,
      leases: undefined,
      description: 'in the memory of this process',
      close: async () => undefined,
    }
  }
  const client = new Redis(url.href, { lazyConnect: true })
  client.on('error', () => undefined)
  const options = { client, prefix: 'agentwatch', ...(deadlineMs === undefined ? {} : { deadlineMs }) }
  const store = new RedisStore(options)
  const leases = new RedisLeases(options)
  return {
    store,
    leases,
    description: `in Redis at ${url.host}`,
    async close() {
      await Promise.all([store.close(), leases.close()])
      client.disconnect()
    },
  }
}

function readRedisUrl(text: string | undefined): URL | undefined {
  if (text === undefined) return undefined
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url !== undefined && /^rediss?:$/.test(url.protocol) && url.hostname !== '') return url
  // The text before an @ may be a password.
  const shown = shorten(text.replace(/^.*@/s, '...@'))
  throw new Error(
    `REDIS_URL must be a URL such as redis://127.0.0.1:6379, got '${shown}'. To count in memory, unset it.`,
  )
}
