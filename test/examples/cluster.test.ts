import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import request from 'supertest'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { describeRedis } from '../support/redis/describe-redis.ts'
import { anyRedis, freePort, type RedisServer } from '../support/redis/redis-server.ts'
import { until } from '../support/redis/until.ts'
import { type RunningProgram, runProgram } from './agentwatch/process.ts'

const ROOT: string = fileURLToPath(new URL('../..', import.meta.url))
const LIMIT = 20
const REQUESTS = 2 * LIMIT

interface Seen {
  readonly status: number
  readonly process: number | undefined
}

const urlIn = (output: string): string =>
  /^4 processes serve on (http:\/\/127\.0\.0\.1:\d+)$/m.exec(output)?.[1] ?? ''

async function start(env: Readonly<Record<string, string>>): Promise<RunningProgram & { url: string }> {
  const program = runProgram('cluster.ts', [], { PORT: '0', LIMIT: String(LIMIT), ...env })
  await program.says('4 processes serve on')
  return { ...program, url: urlIn(program.stdout()) }
}

/** Each on a connection of its own, so that the processes take turns. */
async function requests(url: string, count = REQUESTS): Promise<readonly Seen[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const { status, body } = await request(url).get('/')
      return { status, process: body.process as number | undefined }
    }),
  )
}

const countOf = (seen: readonly Seen[], status: number): number =>
  seen.filter((one) => one.status === status).length

const processesOf = (seen: readonly Seen[]): readonly number[] => [
  ...new Set(seen.flatMap((one) => one.process ?? [])),
]

/** Whether there is a process, or a group for what is below 0. */
function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describeRedis('examples/cluster', () => {
  let redis: Pick<RedisServer, 'url' | 'stop'>
  beforeAll(async () => {
    redis = await anyRedis()
  })
  beforeEach(() => forget())
  afterAll(() => redis.stop())

  it('counts to 20 in all of its processes together, and ends on SIGTERM with 0', async () => {
    const { url, child, stdout, stderr, ends } = await start({ REDIS_URL: redis.url })
    // By then all of them are connected.
    await requests(url, 8)
    await forget()
    const seen = await requests(url)
    expect([countOf(seen, 200), countOf(seen, 429)]).toEqual([LIMIT, REQUESTS - LIMIT])
    const processes = processesOf(seen)
    expect(processes.length).toBeGreaterThanOrEqual(2)
    child.kill('SIGTERM')
    child.kill('SIGTERM')
    expect(await ends()).toBe(0)
    await until('all processes have ended', () => !processes.some(isThere))
    expect(stdout()).toBe(`4 processes serve on ${url}\n`)
    expect(stderr()).toBe('')
  })

  it('puts another process in the place of one that dies', async () => {
    const { url, stderr } = await start({ REDIS_URL: redis.url })
    const [pid] = processesOf(await requests(url, 1))
    // 0 would be this process and all its kin.
    if (pid === undefined) throw new Error('the request was not admitted')
    process.kill(pid, 'SIGKILL')
    const line = `Process ${pid} ended with SIGKILL; another takes its place.\n`
    await until('it says so', () => stderr() === line)
    await forget()
    const seen = await requests(url)
    expect(countOf(seen, 200)).toBeGreaterThan(0)
    expect(countOf(seen, 200) + countOf(seen, 429)).toBe(REQUESTS)
    expect(processesOf(seen)).not.toContain(pid)
  })

  it('is what npm run cluster runs, on the built package', async () => {
    const npm = spawn('npm', ['run', '--silent', '--ignore-scripts', 'cluster'], {
      cwd: ROOT,
      env: { PATH: process.env.PATH, PORT: '0', LIMIT: String(LIMIT), REDIS_URL: redis.url },
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    })
    if (npm.pid === undefined) throw new Error('npm does not start')
    const group = -npm.pid
    onTestFinished(() => {
      if (isThere(group)) process.kill(group, 'SIGKILL')
    })
    let output = ''
    npm.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    await until('it serves', () => urlIn(output) !== '')
    await requests(urlIn(output), 8)
    await forget()
    expect(countOf(await requests(urlIn(output)), 200)).toBe(LIMIT)
    // As a terminal does it, to all at once.
    process.kill(group, 'SIGINT')
    await until('nothing is left of it', () => !isThere(group))
  })

  /** All requests of all tests are the same client's. */
  async function forget(): Promise<void> {
    const admin = new Redis(redis.url)
    await admin.del('tollgate:v1:default:read:127.0.0.1')
    admin.disconnect()
  }
})

describe('examples/cluster without a Redis', () => {
  it('serves, says so, and grants no more than the limit', async () => {
    const nobody = `redis://127.0.0.1:${await freePort()}`
    const { url, child, stderr, ends } = await start({ REDIS_URL: nobody })
    const seen = await requests(url)
    expect(countOf(seen, 200) + countOf(seen, 429)).toBe(REQUESTS)
    expect(countOf(seen, 200)).toBeGreaterThan(0)
    expect(countOf(seen, 200)).toBeLessThanOrEqual(LIMIT)
    expect(stderr()).toContain(
      "[TOLLGATE_STORE_FAILED] RateLimiterWarning: The store of the limiter 'default' failed to decide, " +
        'and onStoreError is followed: the store failed: Redis is not connected: ',
    )
    child.kill('SIGINT')
    expect(await ends()).toBe(0)
    await until('all processes have ended', () => !processesOf(seen).some(isThere))
  })

  it('does not start with a setting that is wrong, says so once, and ends with 1', async () => {
    const limit = (text: string): string => `LIMIT takes a whole number from 1, got '${text}'.\n`
    const url = 'REDIS_URL takes a URL such as redis://127.0.0.1:6379.\n'
    const cases = [
      [{ LIMIT: 'x' }, limit('x')],
      [{ LIMIT: '0' }, limit('0')],
      // What is no URL of Redis may hold a password all the same.
      [{ REDIS_URL: 'http://user:secret@localhost' }, url],
      [{ REDIS_URL: '' }, url],
    ] as const
    const outcomes = cases.map(async ([env, message]) => {
      const program = runProgram('cluster.ts', [], { PORT: '0', ...env })
      expect(await program.ends()).toBe(1)
      expect([program.stdout(), program.stderr()]).toEqual(['', message])
    })
    await Promise.all(outcomes)
  })

  it('does not start on a port that is taken, says so once, and ends with 1', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    onTestFinished(() => void other.close())
    const { port } = other.address() as AddressInfo
    const program = runProgram('cluster.ts', [], { PORT: String(port) })
    expect(await program.ends()).toBe(1)
    expect([program.stdout(), program.stderr()]).toEqual([
      '',
      `Cannot serve on ${port}: bind EADDRINUSE 127.0.0.1:${port}\n`,
    ])
  })
})
