import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The programs that tests look for, in this order. REDIS_SERVER may have the path of another version. */
const PROGRAMS = [process.env.REDIS_SERVER ?? 'redis-server', 'valkey-server']

/** The program that tests start. Undefined if there is none. */
export const REDIS_PROGRAM: string | undefined = PROGRAMS.find(
  (program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0,
)

/** Why tests that start servers are skipped. Undefined if they are not skipped. */
export const NO_REDIS: string | undefined =
  REDIS_PROGRAM === undefined
    ? `skipped: no ${PROGRAMS.join(' or ')} on the PATH (Debian: apt-get install redis-server)`
    : undefined

/** A server that a test has started on loopback. It leaves nothing on disk. */
export interface RedisServer {
  readonly port: number
  readonly url: string
  readonly process: ChildProcess
  /** Ends the process if it still runs, and removes its files. */
  stop(): Promise<void>
}

/** A free port whose cluster bus port exists too. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return port + 10_000 < 65_536 ? port : freePort()
}

/** Starts a server. Resolves when it accepts connections. */
export async function startRedis(
  args: readonly string[] = [],
  port: number | undefined = undefined,
): Promise<RedisServer> {
  if (REDIS_PROGRAM === undefined) throw new Error(NO_REDIS)
  const ownPort = port ?? (await freePort())
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-redis-'))
  const fixed = ['--bind', '127.0.0.1', '--port', String(ownPort), '--dir', folder, '--save', '']
  const child = spawn(REDIS_PROGRAM, [...fixed, '--appendonly', 'no', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise<void>((resolve, reject) => {
    let log = ''
    child.stdout.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-10_000)
      if (/Ready to accept connections/.test(log)) resolve()
    })
    child.once('exit', (code) => reject(new Error(`${REDIS_PROGRAM} ended with ${code}:\n${log}`)))
    child.once('error', reject)
  })
  return {
    port: ownPort,
    url: `redis://127.0.0.1:${ownPort}`,
    process: child,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        // A process that SIGSTOP has stopped does not react to SIGTERM.
        child.kill('SIGKILL')
        await once(child, 'exit')
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The server of REDIS_URL, which is not stopped, or else a new server. */
export async function anyRedis(): Promise<Pick<RedisServer, 'url' | 'stop'>> {
  const url = process.env.REDIS_URL
  return url === undefined || url === '' ? startRedis() : { url, stop: async () => undefined }
}

/** Why tests that can use any server are skipped. Undefined if they are not skipped. */
export const NO_ANY_REDIS: string | undefined =
  (process.env.REDIS_URL ?? '') === '' && NO_REDIS !== undefined
    ? `${NO_REDIS}; or set REDIS_URL to a server that tests may write to`
    : undefined
