import { spawn } from 'node:child_process'
import { type RedisServer, startRedis } from '../support/redis/redis-server.ts'

/** Waits for a line, and kills the process when none comes before the end of its input. */
const WATCH = 'read -r line || kill -9 "$1"'

/**
 * A Redis server that does not outlive this process, however that ends: workers of benchmarks are killed when they
 * take too long, and then tell nobody.
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
  // One that is gone already has nobody left to watch.
  watchdog.stdin.on('error', () => undefined)
  return {
    ...server,
    async stop() {
      await server.stop()
      watchdog.stdin.end('ended\n')
    },
  }
}
