import type { Meter } from '@opentelemetry/api'
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createRateLimiter } from '../../../src/index.ts'
import { DURATION_BOUNDS } from '../../../src/tools/metrics/duration-buckets.ts'
import { metrics } from '../../../src/tools/metrics/index.ts'
import { CLIENT_KEYS, everyOutcome } from './every-outcome.ts'

interface Exporting {
  readonly meter: Meter
  /** The metrics that are exported now, by instrument. */
  readonly collect: () => Promise<ReadonlyMap<string, MetricData>>
}

function exporting(): Exporting {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  // With an interval of an hour only collect() exports.
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
  const provider = new MeterProvider({ readers: [reader] })
  onTestFinished(() => provider.shutdown())
  const collect = async (): Promise<ReadonlyMap<string, MetricData>> => {
    exporter.reset()
    await provider.forceFlush()
    const [exported] = exporter.getMetrics()
    const all = exported?.scopeMetrics.flatMap((scope) => scope.metrics) ?? []
    return new Map(all.map((metric) => [metric.descriptor.name, metric]))
  }
  return { meter: provider.getMeter('test'), collect }
}

/** The points of an instrument that are not 0, as texts of the attribute values and the number. */
function pointsOf(metric: MetricData | undefined): string[] {
  const points = (metric?.dataPoints ?? []) as DataPoint<number>[]
  return points
    .filter(({ value }) => value !== 0)
    .map(({ attributes, value }) => [...Object.values(attributes), value].join(' '))
}

describe('metrics with a meter', () => {
  it('have the same numbers as with a registry', async () => {
    const { meter, collect } = exporting()
    const { limiters, send } = everyOutcome()
    for (const limiter of limiters) metrics(limiter, { meter })
    await send()
    const exported = await collect()
    expect(pointsOf(exported.get('tollgate.decisions'))).toEqual([
      'api read allowed 3',
      'api read near 2',
      'api read limited 1',
      'api read banned 1',
      'api write allowed 3',
      'api write near 2',
      'api write limited 1',
      'gate none denied 1',
      'open none skipped 1',
      'trial read near 1',
      'trial read shadowed 1',
      'crowded read allowed 4',
      'tokens any allowed 1',
      'exports any near 1',
      'lenient read uncounted 1',
      'strict read unavailable 1',
    ])
    expect(pointsOf(exported.get('tollgate.store.failures'))).toEqual(['lenient error 1', 'strict error 1'])
    expect(pointsOf(exported.get('tollgate.bans'))).toEqual(['api block 1'])
    expect(pointsOf(exported.get('tollgate.ban.removals'))).toEqual(['api unblock 1', 'api reset 4'])
    expect(pointsOf(exported.get('tollgate.clients'))).toContain('crowded 1')
    expect(pointsOf(exported.get('tollgate.evictions'))).toEqual(['crowded 3'])
    expect(pointsOf(exported.get('tollgate.circuit.state'))).toContain('api closed 1')
  })

  it('follow the conventions for names, units and attributes', async () => {
    const { meter, collect } = exporting()
    const { limiters, send } = everyOutcome()
    for (const limiter of limiters) metrics(limiter, { meter })
    await send()
    const exported = [...(await collect()).values()]
    const described = exported.map(({ descriptor: { name, unit }, dataPointType, dataPoints }) => {
      const names = dataPoints.map(({ attributes }) => Object.keys(attributes).join(' '))
      return [name, unit, DataPointType[dataPointType], [...new Set(names)].join('; ')]
    })
    const limiter = 'tollgate.limiter.name'
    const settled = `${limiter} tollgate.settlement.direction`
    expect(described.sort()).toEqual([
      ['tollgate.ban.removals', '{removal}', 'SUM', `${limiter} tollgate.ban.cause`],
      ['tollgate.bans', '{ban}', 'SUM', `${limiter} tollgate.ban.cause`],
      ['tollgate.circuit.state', '{circuit}', 'SUM', `${limiter} tollgate.circuit.state`],
      ['tollgate.clients', '{client}', 'SUM', limiter],
      ['tollgate.decisions', '{decision}', 'SUM', `${limiter} tollgate.request.class tollgate.outcome`],
      ['tollgate.evictions', '{eviction}', 'SUM', limiter],
      ['tollgate.in_flight.requests', '{request}', 'SUM', limiter],
      ['tollgate.settled.units', '{unit}', 'SUM', `${settled}; ${settled} tollgate.unit`],
      ['tollgate.store.call.duration', 's', 'HISTOGRAM', limiter],
      ['tollgate.store.failures', '{failure}', 'SUM', `${limiter} error.type`],
      ['tollgate.waiting.requests', '{request}', 'SUM', limiter],
    ])
    const falling = exported.filter((metric) => 'isMonotonic' in metric && !metric.isMonotonic)
    expect(falling.map(({ descriptor }) => descriptor.name).sort()).toEqual([
      'tollgate.circuit.state',
      'tollgate.clients',
      'tollgate.in_flight.requests',
      'tollgate.waiting.requests',
    ])
  })

  it('record each store call in the same buckets as with a registry', async () => {
    const { meter, collect } = exporting()
    const limiter = createRateLimiter({ name: 'api' })
    metrics(limiter, { meter })
    for (let request = 0; request < 7; request++) await limiter.consume('192.0.2.1', { class: 'read' })
    const metric = (await collect()).get('tollgate.store.call.duration')
    const [point] = (metric?.dataPoints ?? []) as DataPoint<Histogram>[]
    expect(point?.value.count).toBe(7)
    expect(point?.value.buckets.boundaries).toEqual(DURATION_BOUNDS)
    expect(point?.value.sum).toBeGreaterThan(0)
  })

  it('contain no client key', async () => {
    const { meter, collect } = exporting()
    const { limiters, send } = everyOutcome()
    for (const limiter of limiters) metrics(limiter, { meter })
    await send()
    const text = JSON.stringify([...(await collect()).values()])
    for (const key of CLIENT_KEYS) expect(text).not.toContain(key)
    expect(text).toContain('"tollgate.limiter.name":"api"')
  })

  it('count a limiter that is given twice once, and end when both are closed', async () => {
    const { meter, collect } = exporting()
    const limiter = createRateLimiter({ name: 'api' })
    const [first, second] = [metrics(limiter, { meter }), metrics(limiter, { meter })]
    await limiter.consume('192.0.2.1', { class: 'read' })
    expect(pointsOf((await collect()).get('tollgate.decisions'))).toEqual(['api read allowed 1'])
    first.close()
    await limiter.consume('192.0.2.1', { class: 'read' })
    expect(pointsOf((await collect()).get('tollgate.decisions'))).toEqual(['api read allowed 2'])
    second.close()
    await limiter.consume('192.0.2.1', { class: 'read' })
    // The SDK continues to export the last sum that was reported.
    expect(pointsOf((await collect()).get('tollgate.decisions'))).toEqual(['api read allowed 2'])
  })
})
