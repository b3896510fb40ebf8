import type { Store } from 'express-tollgate'
import { RedisStore } from 'express-tollgate/redis'
import { Redis } from 'ioredis'
import { shorten } from './problem.ts'

/** Where the counters of all limiters live. */
export interface CounterStore {
  /** Undefined where each limiter counts in this process. */
  readonly store: Store | undefined
  /** For people: never a password. */
  readonly description: string
  close(): Promise<void>
}

/** In Redis where `REDIS_URL` names one, so that several processes count together; else in this process. */
export function createStore(env: Readonly<Record<string, string | undefined>>): CounterStore {
  const url = readRedisUrl(env.REDIS_URL)
  if (url === undefined) {
    return { store: undefined, description: 'in the memory of this process', close: async () => undefined }
  }
  const client = new Redis(url.href, { lazyConnect: true })
  client.on('error', () => undefined)
  const store = new RedisStore({ client, prefix: 'agentwatch' })
  return {
    store,
    description: `in Redis at ${url.host}`,
    async close() {
      await store.close()
      client.disconnect()
    },
  }
}

function readRedisUrl(text: string | undefined): URL | undefined {
  if (text === undefined) return undefined
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url !== undefined && /^rediss?:$/.test(url.protocol) && url.hostname !== '') return url
  // What stands before an @ may be a password.
  const shown = shorten(text.replace(/^.*@/s, '...@'))
  throw new Error(
    `REDIS_URL takes a URL such as redis://127.0.0.1:6379, got '${shown}'. To count in memory, unset it.`,
  )
}
