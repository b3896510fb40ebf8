import { describe, expect, it } from 'vitest'
import type { Result } from './benchmark.ts'
import { drawCharts } from './charts.ts'
import { describeMachine, type Machine } from './machine.ts'
import { OUTAGE_WORKLOAD } from './outage.ts'
import { redisWorkload } from './redis.ts'
import { requestWorkload } from './requests.ts'
import { spreadOf } from './statistics.ts'

const machine: Machine = { ...describeMachine(), cpu: 'A processor', node: 'v20.0.0' }

const refusals: Result[] = [
  {
    benchmark: 'throughput',
    workload: 'refused',
    contestant: 'express-tollgate',
    figures: { perSecond: spreadOf([9, 8, 7]) },
  },
  {
    benchmark: 'throughput',
    workload: 'refused',
    contestant: 'bare 429, res.end',
    figures: {},
    leftOut: 'died',
  },
  {
    benchmark: 'throughput',
    workload: 'admitted',
    contestant: 'bare Express',
    figures: { perSecond: spreadOf([1]) },
  },
]

describe('the charts', () => {
  it('show the medians of what was measured, and no contestant that was left out', () => {
    const charts = drawCharts(refusals, machine, { rounds: 3, scale: 1 })
    expect(charts.map(({ file }) => file)).toEqual(['refusals.svg'])
    const [{ svg } = { svg: '' }] = charts
    expect(svg.match(/<rect/g)).toHaveLength(1)
    expect(svg).toContain('>express-tollgate</text>')
    expect(svg).toContain('>8.00</text>')
    expect(svg).toContain('>Medians of 3 runs, more is better. A processor, Node v20.0.0.</text>')
  })

  it('say when they were drawn of less than the full size', () => {
    const [{ svg } = { svg: '' }] = drawCharts(refusals, machine, { rounds: 1, scale: 0.1 })
    expect(svg).toContain('>One run at scale 0.1, more is better.')
  })

  it('of Redis show the packages apart; refusals and outages have charts of their own', () => {
    const of = (benchmark: string, workload: string, figure: string): Result => ({
      ...{ benchmark, workload, contestant: 'express-tollgate' },
      figures: { [figure]: spreadOf([7]) },
    })
    const results = [
      of('redis', redisWorkload('admitted', 'ioredis'), 'perSecond'),
      of('redis', redisWorkload('admitted', 'node-redis'), 'perSecond'),
      of('redis', redisWorkload('refused', 'ioredis'), 'perSecond'),
      of('outage', OUTAGE_WORKLOAD, 'perSecond'),
    ]
    const charts = drawCharts(results, machine, { rounds: 5, scale: 1 })
    expect(charts.map(({ file }) => file)).toEqual(['redis.svg', 'redis-refusals.svg', 'outage.svg'])
    expect(charts[0]?.svg).toContain('>express-tollgate, ioredis</text>')
    expect(charts[0]?.svg).toContain('>express-tollgate, node-redis</text>')
    expect(charts[1]?.svg.match(/<rect/g)).toHaveLength(1)
    expect(charts[2]?.svg).toContain('more is better')
  })

  it('show IPv4 and IPv6 apart', () => {
    const results = (['IPv4', 'IPv6'] as const).map(
      (family): Result => ({
        benchmark: 'requests',
        workload: requestWorkload(family, '1000 clients', 'legacy'),
        contestant: 'express-tollgate',
        figures: { addedUs: spreadOf([-0.1]) },
      }),
    )
    const [{ svg } = { svg: '' }] = drawCharts(results, machine, { rounds: 5, scale: 1 })
    expect(svg).toContain('>express-tollgate, IPv4</text>')
    expect(svg).toContain('>express-tollgate, IPv6</text>')
    // Noise can make a difference of two times negative, which no bar can show.
    expect(svg).toContain('>0</text>')
  })
})
