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
import { type RunningProgram, runProgram } from './agentwatch/running-program.ts'

const ROOT: string = fileURLToPath(new URL('../..', import.meta.url))
const LIMIT = 20
const REQUESTS = 2 * LIMIT
const SETTINGS = { PORT: '0', LIMIT: String(LIMIT) }
/** With this deadline, Redis does not answer too late on a busy machine. */
const PATIENT_SETTINGS = { ...SETTINGS, REDIS_DEADLINE_MS: '60000' }

interface Answer {
  readonly status: number
  readonly process: number | undefined
}

const urlIn = (output: string): string =>
  /^4 processes serve on (http:\/\/127\.0\.0\.1:\d+)$/m.exec(output)?.[1] ?? ''

async function start(env: Readonly<Record<string, string>>): Promise<RunningProgram & { url: string }> {
  const program = runProgram('cluster.ts', [], { ...SETTINGS, ...env })
  await program.waitForOutput('4 processes serve on')
  return { ...program, url: urlIn(program.stdout()) }
}

/** Sends each request on its own connection, so that the processes answer in turn. */
async function sendRequests(url: string, count = REQUESTS): Promise<readonly Answer[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const { status, body } = await request(url).get('/')
      return { status, process: body.process as number | undefined }
    }),
  )
}

const countStatus = (answers: readonly Answer[], status: number): number =>
  answers.filter((answer) => answer.status === status).length

const processesOf = (answers: readonly Answer[]): readonly number[] => [
  ...new Set(answers.flatMap((answer) => answer.process ?? [])),
]

/** Whether a process exists, or a process group if the id is below 0. */
function exists(pid: number): boolean {
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
  beforeEach(() => deleteCounter())
  afterAll(() => redis.stop())

  it('counts to 20 in all of its processes together, and ends on SIGTERM with 0', async () => {
    const { url, child, stdout, stderr, exitCode } = await start({
      ...PATIENT_SETTINGS,
      REDIS_URL: redis.url,
    })
    // Every process has answered, so every process is connected to Redis.
    await sendRequests(url, 8)
    await deleteCounter()
    const answers = await sendRequests(url)
    expect([countStatus(answers, 200), countStatus(answers, 429)]).toEqual([LIMIT, REQUESTS - LIMIT])
    const processes = processesOf(answers)
    expect(processes.length).toBeGreaterThanOrEqual(2)
    child.kill('SIGTERM')
    child.kill('SIGTERM')
    expect(await exitCode()).toBe(0)
    await until('all processes have ended', () => !processes.some(exists))
    expect(stdout()).toBe(`4 processes serve on ${url}\n`)
    expect(stderr()).toBe('')
  })

  it('replaces a process that ends', async () => {
    const { url, stderr } = await start({ ...PATIENT_SETTINGS, REDIS_URL: redis.url })
    const [pid] = processesOf(await sendRequests(url, 1))
    // The id 0 would be the process group of this test.
    if (pid === undefined) throw new Error('the request was refused')
    process.kill(pid, 'SIGKILL')
    const line = `Process ${pid} ended with SIGKILL. A new process replaces it.\n`
    await until('the program reports the end of the process', () => stderr() === line)
    await deleteCounter()
    const answers = await sendRequests(url)
    expect(countStatus(answers, 200)).toBeGreaterThan(0)
    expect(countStatus(answers, 200) + countStatus(answers, 429)).toBe(REQUESTS)
    expect(processesOf(answers)).not.toContain(pid)
  })

  it('runs on the built package with npm run cluster', async () => {
    const npm = spawn('npm', ['run', '--silent', '--ignore-scripts', 'cluster'], {
      cwd: ROOT,
      env: { PATH: process.env.PATH, ...PATIENT_SETTINGS, REDIS_URL: redis.url },
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    })
    if (npm.pid === undefined) throw new Error('npm does not start')
    const group = -npm.pid
    onTestFinished(() => {
      if (exists(group)) process.kill(group, 'SIGKILL')
    })
    let output = ''
    npm.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    await until('the program serves', () => urlIn(output) !== '')
    await sendRequests(urlIn(output), 8)
    await deleteCounter()
    expect(countStatus(await sendRequests(urlIn(output)), 200)).toBe(LIMIT)
    // A terminal sends the signal to all processes at once too.
    process.kill(group, 'SIGINT')
    await until('all processes of the group have ended', () => !exists(group))
  })

  /** The requests of all tests come from the same client. */
  async function deleteCounter(): Promise<void> {
    const admin = new Redis(redis.url)
    const keys = await admin.keys('tollgate:*:default:any:127.0.0.1')
    if (keys.length > 0) await admin.del(keys)
    admin.disconnect()
  }
})

describe('examples/cluster without a Redis', () => {
  it('serves, warns, and allows no more than the limit', async () => {
    const unreachableRedis = `redis://127.0.0.1:${await freePort()}`
    const { url, child, stderr, exitCode } = await start({ REDIS_URL: unreachableRedis })
    const answers = await sendRequests(url)
    expect(countStatus(answers, 200) + countStatus(answers, 429)).toBe(REQUESTS)
    expect(countStatus(answers, 200)).toBeGreaterThan(0)
    expect(countStatus(answers, 200)).toBeLessThanOrEqual(LIMIT)
    expect(stderr()).toContain(
      "[TOLLGATE_STORE_FAILED] RateLimiterWarning: The store of the limiter 'default' failed to decide, ",
    )
    // On a busy machine, the deadline can come before the error of the connection.
    const reason =
      '(failed: Redis is not connected: |did not answer within 1000 ms: Redis is not connected: )'
    expect(stderr()).toMatch(new RegExp(`and onStoreError applies: the store ${reason}`))
    child.kill('SIGINT')
    expect(await exitCode()).toBe(0)
    await until('all processes have ended', () => !processesOf(answers).some(exists))
  })

  it('does not start with an invalid setting, prints one error, and ends with 1', async () => {
    const limitMessage = (text: string): string => `LIMIT must be a whole number from 1, got '${text}'.\n`
    const urlMessage = 'REDIS_URL must be a URL such as redis://127.0.0.1:6379.\n'
    const cases = [
      [{ LIMIT: 'x' }, limitMessage('x')],
      [{ LIMIT: '0' }, limitMessage('0')],
      // An invalid URL may have a password, so the message does not show the URL.
      [{ REDIS_URL: 'http://user:secret@localhost' }, urlMessage],
      [{ REDIS_URL: '' }, urlMessage],
    ] as const
    const outcomes = cases.map(async ([env, message]) => {
      const program = runProgram('cluster.ts', [], { PORT: '0', ...env })
      expect(await program.exitCode()).toBe(1)
      expect([program.stdout(), program.stderr()]).toEqual(['', message])
    })
    await Promise.all(outcomes)
  })

  it('does not start on a port that is in use, prints one error, and ends with 1', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    onTestFinished(() => void other.close())
    const { port } = other.address() as AddressInfo
    const program = runProgram('cluster.ts', [], { PORT: String(port) })
    expect(await program.exitCode()).toBe(1)
    expect([program.stdout(), program.stderr()]).toEqual([
      '',
      `Cannot serve on ${port}: bind EADDRINUSE 127.0.0.1:${port}\n`,
    ])
  })
})
