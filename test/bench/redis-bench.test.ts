import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { areTestsFull } from '../support/full-tests.ts'
import { describeRedisServer } from '../support/redis/describe-redis.ts'
import { REDIS_BENCHMARKS } from './benchmarks.ts'
import { breakRedisPart, type RedisBreakage } from './broken-redis-build.ts'
import { outage } from './outage.ts'
import { redis } from './redis.ts'
import { redisThroughput } from './redis-throughput.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const DIST = fileURLToPath(new URL('../../dist', import.meta.url))
const TINY = ['--rounds', '1', '--scale', '0.0001']

interface Ending {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A program of this folder, with a PATH of its own where one is given. */
function run(program: string, words: readonly string[], path = process.env.PATH): Promise<Ending> {
  return new Promise((resolve) => {
    const flags = ['--import', 'tsx', `test/bench/${program}`, ...words]
    const env = { ...process.env, PATH: path }
    execFile(process.execPath, flags, { cwd: ROOT, env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

describeRedisServer('npm run bench, of Redis', () => {
  let ending: Ending = { code: Number.NaN, stdout: '', stderr: '' }
  beforeAll(async () => {
    ending = await run('main.ts', [...TINY, ...REDIS_BENCHMARKS.map(({ name }) => name)])
  }, 600_000)

  it('ends well, and says nothing else', () => {
    expect([ending.code, ending.stderr.replace(/^[\w-]+: round 1 of 1\n/gm, '')]).toEqual([0, ''])
  })

  it.each(REDIS_BENCHMARKS)('prints the table of $name and what was checked', (benchmark) => {
    const { name, summary, columns, checked } = benchmark
    const [, report = ''] = ending.stdout.split(`${name}: ${summary}\n\n`)
    const [table = ''] = report.split(`\n\nchecked: ${checked}\n`)
    const [headings = '', , ...rows] = table.split('\n')
    for (const { heading } of columns) expect(headings).toContain(heading)
    const runs = benchmark.runs({ scale: 1, rounds: 1, workloads: 9 })
    expect(rows.length).toBe(runs.length)
    for (const [index, { contestant }] of runs.entries()) expect(rows[index]).toContain(`  ${contestant}  `)
  })

  it('counts the commands of Redis: little more than GET and PSETEX for a decision of a batch, and none for a client that is known to be refused', () => {
    expect(ending.stdout).toMatch(/\ncommands of Redis for a decision, admitted +2\.\d+ +<= 2\.2 +holds\n/)
    expect(ending.stdout).toMatch(/\ncommands of Redis for a decision, refused +0 +<= 0 +holds\n/)
    const [report = ''] = ending.stdout.split(`${redisThroughput.name}: `)
    const commandsOf = (contestant: string): (string | undefined)[] =>
      [...report.matchAll(new RegExp(`  ${contestant} {2,}[\\d,.]+ {2,}([\\d.]+) `, 'g'))].map(
        ([, commands]) => commands,
      )
    // 64 and 256 at once in batches, then one at once, then refused.
    const two = expect.stringMatching(/^2\.[01]/) as unknown
    expect(commandsOf('express-tollgate')).toEqual([two, two, two, two, '4.00', '4.00', '0'])
    expect(commandsOf('bare INCR')).toEqual(['1.00', '1.00', '1.00', '1.00', '1.00'])
    expect(commandsOf('bare EVALSHA')).toEqual(['2.00', '2.00'])
    expect(commandsOf('rate-limit-redis')).toEqual(['3.00', '3.00', '3.00'])
    expect(commandsOf('rate-limiter-flexible')).toEqual(['4.00', '4.00', '4.00'])
    expect(commandsOf('rate-limiter-flexible, in-memory block')).toEqual(['0'])
  })
})

describeRedisServer('the soak', () => {
  it('sees no status but 200 and 429 while Redis is stopped, killed, flushed and paused', async () => {
    const minutes = areTestsFull ? '10' : '0.05'
    const { code, stdout, stderr } = await run('soak.ts', ['--minutes', minutes])
    expect(stdout).not.toContain('FLAW')
    expect(code).toBe(0)
    expect(stdout).toContain(`4 processes, 1000 requests a second, ${minutes} minutes\n`)
    expect(stdout).toMatch(/\nstatus 5xx +0 +0 +holds\n/)
    expect(stdout).toMatch(/\nadmitted, refused +[1-9][\d,]*, [1-9][\d,]*\n/)
    const faults = ['SIGSTOP', 'SCRIPT FLUSH', 'SIGKILL', 'FLUSHALL', 'CLIENT PAUSE']
    const survived = stderr.match(/^[A-Z ]+(?=: Redis decides again after \d+ ms$)/gm) ?? []
    expect(survived.slice(0, faults.length)).toEqual(faults)
    for (const fault of faults) expect(stdout).toMatch(new RegExp(`\nslowest of \\d+ after ${fault} `))
  }, 1_200_000)
})

describe('where there is no Redis server', () => {
  const REASON =
    'skipped: no redis-server or valkey-server on the PATH (Debian: apt-get install redis-server)'

  it('its benchmarks are left out with a line that says how to get one, and their goals are not measured', async () => {
    const { code, stdout } = await run('main.ts', [...TINY, 'redis', 'outage'], '/nowhere')
    expect(code).toBe(0)
    expect(stdout).toContain(`\nredis: ${REASON}\n`)
    expect(stdout).toContain(`\noutage: ${REASON}\n`)
    expect(stdout.match(/\nchecked: nothing\n/g)).toHaveLength(2)
    expect(stdout).toMatch(
      /\nrequests while Redis is gone +not measured +>= 0\.95 of the same with MemoryStore\n/,
    )
  })

  it('the soak does not begin', async () => {
    expect(await run('soak.ts', [], '/nowhere')).toEqual({ code: 2, stdout: '', stderr: `${REASON}\n` })
  })

  it('the soak reports a wrong argument first', async () => {
    const { code, stderr } = await run('soak.ts', ['--hours', '1'], '/nowhere')
    expect([code, stderr]).toEqual([2, "'--hours 1' is not known. Write --minutes 10, or nothing.\n"])
  })
})

describeRedisServer('a workload check', () => {
  // What the processes of contestants are started with.
  beforeAll(() => {
    setFlagsFromString('--expose-gc')
    globalThis.gc = runInNewContext('gc') as NonNullable<typeof globalThis.gc>
  })
  const removals: (() => void)[] = []
  afterEach(() => {
    for (const remove of removals.splice(0)) remove()
  })

  function broken(breakage: RedisBreakage): string {
    const { dist, remove } = breakRedisPart(breakage, DIST)
    removals.push(remove)
    return dist
  }

  const settings = { through: 'ioredis', inFlight: 64, clients: 100, decisions: 1000 } as const

  it.each<['admitted' | 'refused', RedisBreakage, string]>([
    ['admitted', 'refuses every client', 'every client is admitted the first time'],
    ['admitted', 'admits every client without asking Redis', 'each client has a key in Redis'],
    ['admitted', 'counts one decision twice', 'what was asked for is what the clients have used in Redis'],
    ['refused', 'refuses every client', 'the client is admitted once'],
    ['refused', 'admits every client without asking Redis', 'the client is over its limit'],
  ])('of redis, %s, fails when a build %s', async (outcome, breakage, message) => {
    const measured = redis.measure('express-tollgate', { ...settings, outcome }, broken(breakage))
    await expect(measured).rejects.toThrow(message)
  })

  it('of redis-throughput fails when the fallback answers in place of Redis', async () => {
    const settings = { through: 'ioredis', seconds: 0.1 } as const
    const dist = broken('admits every client without asking Redis')
    const measured = redisThroughput.measure('express-tollgate', settings, dist)
    await expect(measured).rejects.toThrow('the client has a key in Redis')
  })

  it.each<[RedisBreakage, string]>([
    ['refuses every client', 'Redis answers'],
    ['never fails', 'the circuit opens'],
  ])('of outage fails when a build %s', async (breakage, message) => {
    const measured = outage.measure('express-tollgate', { seconds: 0.1 }, broken(breakage))
    await expect(measured).rejects.toThrow(message)
  })
})
