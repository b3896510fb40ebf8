import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as passing } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { RedisServer } from '../../support/redis/redis-server.ts'
import { startWatchedRedis } from '../watched-redis.ts'

/** Something that happens to a Redis server. Ends as soon as the server is there again. */
export interface Fault {
  readonly name: string
  /** @param forMs for so long, where it is not over at once */
  happen(redis: TroubledRedis, forMs: number): Promise<void>
}

/** All that happens, in turn. */
export const FAULTS: readonly Fault[] = [
  { name: 'SIGSTOP', happen: (redis, forMs) => redis.standStill(forMs) },
  { name: 'SCRIPT FLUSH', happen: (redis) => redis.command('SCRIPT', 'FLUSH') },
  { name: 'SIGKILL', happen: (redis, forMs) => redis.die(forMs) },
  { name: 'FLUSHALL', happen: (redis) => redis.command('FLUSHALL') },
  {
    name: 'CLIENT PAUSE',
    async happen(redis, forMs) {
      await redis.command('CLIENT', 'PAUSE', String(Math.round(forMs)), 'ALL')
      await passing(forMs)
    },
  },
]

/** A Redis server that has bad days. */
export class TroubledRedis {
  #server: RedisServer

  private constructor(server: RedisServer) {
    this.#server = server
  }

  static async start(): Promise<TroubledRedis> {
    return new TroubledRedis(await startWatchedRedis([], await unassignedPort()))
  }

  get url(): string {
    return this.#server.url
  }

  async standStill(forMs: number): Promise<void> {
    this.#server.process.kill('SIGSTOP')
    await passing(forMs)
    this.#server.process.kill('SIGCONT')
  }

  /** Is killed, and started again at the same port, with no memory of what was. */
  async die(forMs: number): Promise<void> {
    const { port } = this.#server
    await this.#server.stop()
    await passing(forMs)
    this.#server = await startWatchedRedis([], port)
  }

  async command(name: string, ...words: readonly string[]): Promise<void> {
    const client = new Redis(this.url)
    await client.call(name, ...words)
    client.disconnect()
  }

  async stop(): Promise<void> {
    await this.#server.stop()
  }
}

/**
 * A free port that the system does not give to outgoing connections: a connection to a port without a listener may be
 * given that very port, and is then connected to itself, so that no server can have it.
 */
async function unassignedPort(): Promise<number> {
  const port = 20_000 + Math.floor(Math.random() * 10_000)
  const probe = createServer()
  try {
    await once(probe.listen(port, '127.0.0.1'), 'listening')
  } catch {
    return unassignedPort()
  }
  probe.close()
  await once(probe, 'close')
  return port
}
