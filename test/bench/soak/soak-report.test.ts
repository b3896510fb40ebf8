import { describe, expect, it } from 'vitest'
import { Latencies } from './latencies.ts'
import type { SoakOutcome } from './run-soak.ts'
import type { ServerReport } from './soak-processes.ts'
import { flawsOf, soakText } from './soak-report.ts'

function report(durationsMs: readonly number[], heapMiB: number): ServerReport {
  const latencies = new Latencies()
  for (const one of durationsMs) latencies.note(one)
  return { latencies: latencies.record, lateReplies: 1, deadlineMs: 100, heapMiB, rssMiB: 100 }
}

const GOOD: SoakOutcome = {
  statuses: new Map([
    [200, 1500],
    [429, 500],
  ]),
  unsent: 0,
  firstError: undefined,
  deaths: [],
  recoveries: [
    { fault: 'SIGKILL', ms: 2000 },
    { fault: 'FLUSHALL', ms: 10 },
    { fault: 'SIGKILL', ms: 1000 },
  ],
  before: [report([], 10), report([], 11)],
  after: [report([1, 1], 12), report([150], 13)],
}

const rowsOf = (outcome: SoakOutcome): string[] =>
  soakText(outcome)
    .split('\n')
    .slice(2)
    .map((line) => line.replace(/ {2,}/g, ' | '))

describe('the report of a soak', () => {
  it('names what happened, and which goals hold', () => {
    expect(rowsOf(GOOD)).toEqual([
      'requests | 2,000',
      'admitted, refused | 1,500, 500',
      'status 5xx | 0 | 0 | holds',
      'slowest decision | 150 ms',
      'p50 | 1.01 ms',
      'p99 | 150 ms',
      'p99.9 | 150 ms | <= 150 ms | holds',
      'slowest of 2 after SIGKILL | 2,000 ms',
      'slowest of 1 after FLUSHALL | 10.0 ms',
      'slowest recovery | 2,000 ms | <= 2000 ms | holds',
      'late replies | 2',
      'heap at start and end, MiB | 21.0 to 25.0',
      'memory at start and end, MiB | 200 to 200',
    ])
    expect(flawsOf(GOOD)).toEqual([])
  })

  it('names the goals that are missed', () => {
    const rows = rowsOf({
      ...GOOD,
      recoveries: [{ fault: 'SIGSTOP', ms: Number.POSITIVE_INFINITY }],
      after: [report([151], 12)],
    })
    expect(rows).toContain('p99.9 | 151 ms | <= 150 ms | does not hold')
    expect(rows).toContain('slowest of 1 after SIGSTOP | never')
    expect(rows).toContain('slowest recovery | never | <= 2000 ms | does not hold')
  })

  it('counts no missing answer as a flaw where the load generator could not keep up', () => {
    const busy: SoakOutcome = {
      ...GOOD,
      statuses: new Map([
        [200, 10],
        [0, 4],
      ]),
      unsent: 1500,
      firstError: 'no answer within 30 s',
    }
    expect(flawsOf(busy)).toEqual([])
    expect(rowsOf(busy)).toContain('not measured: the load generator could not keep up | 1,500')
    expect(flawsOf({ ...busy, unsent: 0 })).toEqual(['4 requests had no answer: no answer within 30 s'])
  })

  it('names every other status, every request without an answer, and every process that died', () => {
    const bad: SoakOutcome = {
      ...GOOD,
      statuses: new Map([
        [200, 1],
        [503, 2],
        [404, 3],
        [0, 4],
      ]),
      firstError: 'socket hang up',
      deaths: ['a process ended with code 1'],
    }
    const flaws = [
      '2 requests were answered with 503',
      '3 requests were answered with 404',
      '4 requests had no answer: socket hang up',
      'a process ended with code 1',
    ]
    expect(flawsOf(bad)).toEqual(flaws)
    const rows = rowsOf(bad)
    expect(rows.slice(-4)).toEqual(flaws.map((flaw) => `FLAW: ${flaw}`))
    expect(rows).toContain('requests | 10')
    expect(rows).toContain('status 5xx | 2 | 0 | does not hold')
  })
})
