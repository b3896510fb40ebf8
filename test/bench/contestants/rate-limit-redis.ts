import type { ClientRateLimitInfo, Options } from 'express-rate-limit'
import type { RedisReply } from 'rate-limit-redis'
import type { Contestant, RedisCounter } from './contestant.ts'
import { connectTo } from './redis-connection.ts'

/** Its default. */
const PREFIX = 'rl:'

/** The Redis store of express-rate-limit, asked as that middleware asks it. */
export const rateLimitRedis: Contestant = {
  name: 'rate-limit-redis',

  async createRedisCounter({ url, through, limit, windowMs }) {
    const { RedisStore } = await import('rate-limit-redis')
    const connection = await connectTo(url, through)
    const store = new RedisStore({
      prefix: PREFIX,
      sendCommand: (command: string, ...words: string[]) =>
        connection.send([command, ...words]) as Promise<RedisReply>,
    })
    await store.init({ windowMs } as Options)
    const counter: RedisCounter<ClientRateLimitInfo> = {
      ask: (key) => store.increment(key),
      isAdmitted: ({ totalHits }) => totalHits <= limit,
      usedOf: async (key) => Number(await connection.send(['GET', `${PREFIX}${key}`])),
      countsRefusals: true,
      close: async () => connection.close(),
    }
    return counter
  },

  async createRedisGate({ url, through, limit, windowMs }) {
    const { rateLimit } = await import('express-rate-limit')
    const { RedisStore } = await import('rate-limit-redis')
    const connection = await connectTo(url, through)
    const store = new RedisStore({
      sendCommand: (command: string, ...words: string[]) =>
        connection.send([command, ...words]) as Promise<RedisReply>,
    })
    return {
      handler: rateLimit({ windowMs, limit, store }),
      close: async () => connection.close(),
    }
  },
}
