import { spawn } from 'node:child_process'
import { type RedisServer, startRedis } from '../support/redis/redis-server.ts'

/** Waits for a line, and kills the process when none comes before the end of its input. */
const WATCH = 'read -r line || kill -9 "$1"'

/**
 * A Redis server that does not outlive this process, however that ends: workers of benchmarks are killed when they
 * take too long without a warning.
 */
export async function startWatchedRedis(
  args: readonly string[] = [],
  port?: number | undefined,
): Promise<RedisServer> {
  const server = await startRedis(args, port)
  const watchdog = spawn('sh', ['-c', WATCH, 'sh', String(server.process.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // An interrupt from the keyboard goes to all processes of a group, and this one has to be there after it.
    detached: true,
  })
  watchdog.unref()
  // A process that has ended already needs no watchdog.
  watchdog.stdin.on('error', () => undefined)
  return {
    ...server,
    async stop() {
      await server.stop()
      watchdog.stdin.end('ended\n')
    },
  }
}
