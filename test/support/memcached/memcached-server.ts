import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { type DescribeSuite, describeUnless } from '../describe-unless.ts'
import { freePort } from '../redis/redis-server.ts'

const PROGRAM = 'memcached'

/** Why tests with a server are skipped. Undefined if they are not skipped. */
const NO_MEMCACHED: string | undefined =
  spawnSync(PROGRAM, ['-V'], { stdio: 'ignore' }).status === 0
    ? undefined
    : `skipped: no ${PROGRAM} on the PATH (Debian: apt-get install memcached)`

/** `describe` for tests that start a server of Memcached. */
export const describeMemcached: DescribeSuite = describeUnless(NO_MEMCACHED)

/** A server that a test has started on loopback. It has nothing on disk. */
export interface MemcachedServer {
  readonly location: string
  stop(): Promise<void>
}

/** Starts a server. Resolves when it accepts connections. */
export async function startMemcached(): Promise<MemcachedServer> {
  const port = await freePort()
  // As root it runs as another user, which is then the one with the least rights.
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
  const child = spawn(PROGRAM, ['-l', '127.0.0.1', '-p', String(port), '-U', '0', ...user], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  while (!(await accepts(port))) {
    if (child.exitCode !== null) throw new Error(`${PROGRAM} ended with ${child.exitCode}`)
    await wait(20)
  }
  return {
    location: `127.0.0.1:${port}`,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
