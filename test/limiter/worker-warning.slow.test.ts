import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

describe('a limiter that counts alone in a worker', () => {
  const ROOT = fileURLToPath(new URL('../..', import.meta.url))
  /** In a worker of node:cluster, or in a process of its own. */
  const program = (start: string, create: string): string => `
    import cluster from 'node:cluster'
    import { createRateLimiter, MemoryStore } from '${ROOT}src/index.ts'
    import { RedisLeases, RedisStore } from '${ROOT}src/stores/redis/index.ts'
    import { createConcurrencyLimiter } from '${ROOT}src/tools/concurrency/index.ts'
    const leases = () => new RedisLeases({ client: { sendCommand: async () => 'OK' } })
    const shared = () => new RedisStore({ client: { sendCommand: async () => 'OK' } })
    if (${start} && cluster.isPrimary) {
      createRateLimiter({ name: 'in the primary' })
      cluster.fork()
    } else {
      ${create}
      process.exitCode = 0
      cluster.worker?.disconnect()
    }`

  async function warningsIn(source: string, env: Record<string, string> = {}): Promise<string[]> {
    const folder = mkdtempSync(join(tmpdir(), 'tollgate-worker-'))
    const file = join(folder, 'program.mts')
    writeFileSync(file, source)
    try {
      const options = { cwd: ROOT, timeout: 60_000, env: { PATH: process.env.PATH, ...env } }
      const { stderr } = await promisify(execFile)(process.execPath, ['--import', 'tsx', file], options)
      return stderr.split('\n').filter((line) => line.includes('TOLLGATE_'))
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  const BOTH =
    "createRateLimiter({ name: 'api' }); createRateLimiter({ name: 'login', store: new MemoryStore() })"

  it('warns once in a worker of node:cluster, and not in the primary', async () => {
    const [warning, ...others] = await warningsIn(program('true', BOTH))
    expect(warning).toContain(
      "[TOLLGATE_WORKER_COUNTS_ALONE] RateLimiterWarning: The limiter 'api' counts in the memory of this worker " +
        'process, and each worker grants the limit by itself: a client gets up to the limit times the number of ' +
        'workers. Share the counters with a RedisStore, or divide the limits by the number of workers.',
    )
    expect(others).toEqual([])
  })

  it('warns of a concurrency limiter, and names the store that shares its places', async () => {
    const create = 'createRateLimiter({ store: shared() }); createConcurrencyLimiter({ limit: 5 })'
    const [warning, ...others] = await warningsIn(program('true', create))
    expect(warning).toContain(
      "The limiter 'concurrency' counts in the memory of this worker process, and each worker grants the limit by " +
        'itself: a client gets up to the limit times the number of workers. Share the counters with RedisLeases, or ',
    )
    expect(others).toEqual([])
  })

  it('names the number of workers of PM2', async () => {
    const [warning] = await warningsIn(program('false', BOTH), { pm_id: '0', instances: '4' })
    expect(warning).toContain(
      'and each of the 4 workers grants the limit by itself: a client gets up to 4 times the limit. Share the ' +
        'counters with a RedisStore, or divide the limits by the number of workers (4).',
    )
  })

  it.each<[string, string, string, Record<string, string>]>([
    ['a process without workers', 'false', BOTH, {}],
    ['the only worker of PM2', 'true', BOTH, { pm_id: '0', instances: '1' }],
    ['a variable of another program', 'false', BOTH, { instances: '4' }],
    ['a shared store', 'true', 'createRateLimiter({ store: shared() })', {}],
    ['shared leases', 'true', 'createConcurrencyLimiter({ limit: 5, store: leases() })', {}],
  ])('does not warn: %s', async (_, start, create, env) => {
    expect(await warningsIn(program(start, create), env)).toEqual([])
  })
})
