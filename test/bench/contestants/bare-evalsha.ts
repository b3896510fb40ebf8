import type { Contestant, RedisCounter } from './contestant.ts'
import { connectTo } from './redis-connection.ts'

const SCRIPT = "return { redis.call('INCR', KEYS[1]), ARGV[1], ARGV[2] }"

/** One script call for each decision, with one command: what cannot be done for less by a script that waits for nothing. */
export const bareEvalSha: Contestant = {
  name: 'bare EVALSHA',

  async createRedisCounter({ url, through, limit, windowMs }) {
    const connection = await connectTo(url, through)
    const sha = String(await connection.send(['SCRIPT', 'LOAD', SCRIPT]))
    const counter: RedisCounter<readonly unknown[]> = {
      ask: (key) =>
        connection.send(['EVALSHA', sha, '1', key, String(limit), String(windowMs)]) as Promise<unknown[]>,
      isAdmitted: ([used]) => Number(used) <= limit,
      usedOf: async (key) => Number(await connection.send(['GET', key])),
      countsRefusals: true,
      close: async () => connection.close(),
    }
    return counter
  },
}
