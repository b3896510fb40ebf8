import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Benchmark } from './benchmark.ts'
import { BENCHMARKS, benchmarkNamed } from './benchmarks.ts'
import { type Breakage, breakBuild } from './broken-build.ts'

// What the processes of contestants are started with.
beforeAll(() => {
  setFlagsFromString('--expose-gc')
  globalThis.gc = runInNewContext('gc') as NonNullable<typeof globalThis.gc>
})

const removals: (() => void)[] = []
afterEach(() => {
  for (const remove of removals.splice(0)) remove()
})

/**
 * The first run of express-tollgate in a benchmark, at the least size, with a build that is broken.
 *
 * @param workload a part of the name of the workload
 */
function firstRun(benchmark: Benchmark, breakage: Breakage, workload = ''): Promise<unknown> {
  const run = benchmark
    .runs({ scale: 1e-6, rounds: 1, workloads: 1 })
    .find((one) => one.contestant === 'express-tollgate' && one.workload.includes(workload))
  const { dist, remove } = breakBuild(breakage)
  removals.push(remove)
  return benchmark.measure('express-tollgate', run?.settings, dist)
}

describe('a workload check', () => {
  it.each<[string, Breakage, string]>([
    ['decisions', 'refuses every client', 'every key is admitted the first time'],
    ['decisions', 'admits every client and counts none', 'as many keys are held as there are'],
    ['decisions', 'knows its clients and does not count', 'client 0 has used what it asked for'],
    ['memory', 'refuses every client', 'every client is admitted'],
    ['memory', 'evicts without need', 'no client is evicted'],
    ['memory', 'admits every client and counts none', 'every client is held'],
    ['pauses', 'refuses every client', 'every client is new and admitted'],
    ['pauses', 'evicts without need', 'no client is evicted before it expired'],
    ['requests', 'breaks every request', 'every request reaches the handler'],
    ['throughput', 'breaks every request', 'no other status than the expected one'],
    ['flood', 'refuses every client', 'a new client is admitted'],
    ['flood', 'admits every client and counts none', 'the client is over its limit'],
    ['adversarial', 'refuses every client', 'every key is admitted the first time'],
    ['adversarial', 'admits every client and counts none', 'every key has a count of its own'],
  ])('of %s fails when a build %s', async (name, breakage, message) => {
    await expect(firstRun(benchmarkNamed(name), breakage)).rejects.toThrow(message)
  })

  it('of requests fails when a build sends no headers', async () => {
    await expect(firstRun(benchmarkNamed('requests'), 'sends no headers')).rejects.toMatchObject({
      actual: 'undefined',
      expected: '999999999',
    })
  })

  it.each<[Breakage, string]>([
    ['breaks every request', 'every request reaches the handler'],
    ['refuses every request and says nothing', 'every request reaches the handler'],
    ['sends no headers', 'every request but the first of a client is refused'],
  ])('of refused requests fails when a build %s', async (breakage, message) => {
    await expect(firstRun(benchmarkNamed('requests'), breakage, 'refused')).rejects.toThrow(message)
  })

  it('is described by each benchmark, beside what it measures', () => {
    expect(BENCHMARKS).toHaveLength(10)
    for (const { summary, checked } of BENCHMARKS) expect([summary, checked]).not.toContain('')
    expect(() => benchmarkNamed('x')).toThrow(new Error('There is no benchmark called x.'))
  })
})
