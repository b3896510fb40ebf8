import { type BarChart, barChart } from './bar-chart.ts'
import type { Result } from './benchmark.ts'
import { decisionWorkload } from './decisions.ts'
import type { Machine } from './machine.ts'
import { memoryWorkload } from './memory.ts'
import { OUTAGE_WORKLOAD } from './outage.ts'
import { pauseWorkload } from './pauses.ts'
import { redisWorkload } from './redis.ts'
import { requestWorkload } from './requests.ts'

/** A chart that is drawn when its benchmark was run. */
interface Plan {
  readonly file: string
  readonly title: string
  readonly unit: string
  readonly better: 'less' | 'more'
  readonly benchmark: string
  readonly figure: string
  /** Workloads, and what stands behind a contestant's name where there are several. */
  readonly workloads: Readonly<Record<string, string>>
}

const PLANS: readonly Plan[] = [
  {
    file: 'decisions.svg',
    title: 'One decision, 1 million clients',
    unit: 'nanoseconds',
    better: 'less',
    benchmark: 'decisions',
    figure: 'decisionNs',
    workloads: { [decisionWorkload(1_000_000, 'fresh')]: '' },
  },
  {
    file: 'memory.svg',
    title: 'Memory for one client, of 1 million',
    unit: 'bytes',
    better: 'less',
    benchmark: 'memory',
    figure: 'bytesPerClient',
    workloads: { [memoryWorkload(1_000_000)]: '' },
  },
  {
    file: 'pauses.svg',
    title: 'Longest pause while 1 million clients come and expire',
    unit: 'milliseconds',
    better: 'less',
    benchmark: 'pauses',
    figure: 'longestPauseMs',
    workloads: { [pauseWorkload(1_000_000)]: '' },
  },
  {
    file: 'requests.svg',
    title: 'Added to one Express 5 request',
    unit: 'microseconds',
    better: 'less',
    benchmark: 'requests',
    figure: 'addedUs',
    workloads: {
      [requestWorkload('IPv4', '1000 clients', 'legacy')]: 'IPv4',
      [requestWorkload('IPv6', '1000 clients', 'legacy')]: 'IPv6',
    },
  },
  {
    file: 'refusals.svg',
    title: 'Refusals',
    unit: 'requests a second',
    better: 'more',
    benchmark: 'throughput',
    figure: 'perSecond',
    workloads: { refused: '' },
  },
  {
    file: 'redis.svg',
    title: 'Decisions in Redis, 10,000 clients',
    unit: 'a second',
    better: 'more',
    benchmark: 'redis',
    figure: 'perSecond',
    workloads: {
      [redisWorkload('admitted', 'ioredis')]: 'ioredis',
      [redisWorkload('admitted', 'node-redis')]: 'node-redis',
    },
  },
  {
    file: 'redis-refusals.svg',
    title: 'Decisions in Redis, one refused client',
    unit: 'a second',
    better: 'more',
    benchmark: 'redis',
    figure: 'perSecond',
    workloads: { [redisWorkload('refused', 'ioredis')]: '' },
  },
  {
    file: 'outage.svg',
    title: 'Requests while Redis is gone',
    unit: 'a second',
    better: 'more',
    benchmark: 'outage',
    figure: 'perSecond',
    workloads: { [OUTAGE_WORKLOAD]: '' },
  },
]

/** An SVG and the name of its file. */
export interface Chart {
  readonly file: string
  readonly svg: string
}

/** Charts of all that was measured. Medians; `rounds` of them. */
export function drawCharts(
  results: readonly Result[],
  machine: Machine,
  { rounds, scale }: { readonly rounds: number; readonly scale: number },
): Chart[] {
  const size = scale === 1 ? '' : ` at scale ${scale}`
  const runs = rounds === 1 ? 'One run' : `Medians of ${rounds} runs`
  return PLANS.flatMap((plan) => {
    const bars = barsOf(plan, results)
    if (bars.length === 0) return []
    const legend = `${runs}${size}, ${plan.better} is better. ${machine.cpu}, Node ${machine.node}.`
    return [{ file: plan.file, svg: barChart({ title: plan.title, unit: plan.unit, legend, bars }) }]
  })
}

function barsOf({ benchmark, figure, workloads }: Plan, results: readonly Result[]): BarChart['bars'] {
  return Object.entries(workloads).flatMap(([workload, suffix]) =>
    results
      .filter((one) => one.benchmark === benchmark && one.workload === workload)
      .flatMap(({ contestant, figures }) => {
        const spread = figures[figure]
        if (spread === undefined) return []
        const label = suffix === '' ? contestant : `${contestant}, ${suffix}`
        return [{ label, value: Math.max(0, spread.median), isOurs: contestant === 'express-tollgate' }]
      }),
  )
}
