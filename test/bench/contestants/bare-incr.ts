import type { Contestant, RedisCounter } from './contestant.ts'
import { connectTo } from './redis-connection.ts'

/** One INCR for each decision, on a key that never expires: what cannot be done for less by asking Redis. */
export const bareIncr: Contestant = {
  name: 'bare INCR',

  async createRedisCounter({ url, through, limit }) {
    const connection = await connectTo(url, through)
    const { client } = connection
    const counter: RedisCounter<number> = {
      ask: (key) => client.incr(key),
      isAdmitted: (used) => used <= limit,
      usedOf: async (key) => Number(await connection.send(['GET', key])),
      countsRefusals: true,
      close: async () => connection.close(),
    }
    return counter
  },
}
