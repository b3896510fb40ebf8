import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The programs that are looked for, in this order; another version is tried with its path in REDIS_SERVER. */
const PROGRAMS = [process.env.REDIS_SERVER ?? 'redis-server', 'valkey-server']

/** The program that tests start, or undefined where there is none. */
export const REDIS_PROGRAM: string | undefined = PROGRAMS.find(
  (program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0,
)

/** Why tests that start servers of their own are skipped; undefined where they are not. */
export const NO_REDIS: string | undefined =
  REDIS_PROGRAM === undefined
    ? `skipped: no ${PROGRAMS.join(' or ')} on the PATH (Debian: apt-get install redis-server)`
    : undefined

/** A server that a test has started, on loopback, with nothing on disk that stays. */
export interface RedisServer {
  readonly port: number
  readonly url: string
  readonly process: ChildProcess
  /** Ends it, if it still runs, and removes what it wrote. */
  stop(): Promise<void>
}

/** A port that is free now, and whose cluster bus port is too. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return port + 10_000 < 65_536 ? port : freePort()
}

/** Starts a server, and answers once it accepts connections. */
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
        // One that was stopped by a signal does not hear a gentler one.
        child.kill('SIGKILL')
        await once(child, 'exit')
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The server of REDIS_URL, which stays as it is, or else one of our own. */
export async function anyRedis(): Promise<Pick<RedisServer, 'url' | 'stop'>> {
  const url = process.env.REDIS_URL
  return url === undefined || url === '' ? startRedis() : { url, stop: async () => undefined }
}

/** Why tests that take any server are skipped; undefined where they are not. */
export const NO_ANY_REDIS: string | undefined =
  (process.env.REDIS_URL ?? '') === '' && NO_REDIS !== undefined
    ? `${NO_REDIS}; or set REDIS_URL to one that tests may write to`
    : undefined
