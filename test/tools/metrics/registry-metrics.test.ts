import { AggregatorRegistry, Counter, Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { createRateLimiter, MemoryStore } from '../../../src/index.ts'
import { createConcurrencyLimiter } from '../../../src/tools/concurrency/index.ts'
import { metrics } from '../../../src/tools/metrics/index.ts'
import { FaultyStore } from '../../../src/tools/testing/index.ts'
import { numberOf, seriesOf } from '../../support/metrics/exposition.ts'
import { until } from '../../support/redis/until.ts'
import { close, run } from '../concurrency/held-requests.ts'
import { CLIENT_KEYS, everyOutcome } from './every-outcome.ts'

const KEY = '192.0.2.1'
const DECISIONS = 'tollgate_decisions_total'

describe('metrics on a registry', () => {
  it('count every outcome by class', async () => {
    const registry = new Registry()
    const { limiters, send } = everyOutcome()
    for (const limiter of limiters) metrics(limiter, { registry })
    await send()
    const text = await registry.metrics()
    const counted = seriesOf(text)
      .filter(({ metric, value }) => metric === DECISIONS && value > 0)
      .map(({ labels, value }) => [labels.limiter, labels.class, labels.outcome, value].join(' '))
    expect(counted).toEqual([
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
  })

  it('show every possible outcome as 0 before it occurs, and no outcome of a class without a limit', async () => {
    const registry = new Registry()
    metrics(createRateLimiter({ name: 'writes', read: false }), { registry })
    const text = await registry.metrics()
    const shown = seriesOf(text)
      .filter(({ metric }) => metric === DECISIONS)
      .map(({ labels, value }) => [labels.class, labels.outcome, value].join(' '))
    expect(shown).toEqual([
      ...['write', 'preflight'].flatMap((requestClass) =>
        ['allowed', 'near', 'limited', 'banned', 'shadowed', 'uncounted', 'unavailable'].map(
          (outcome) => `${requestClass} ${outcome} 0`,
        ),
      ),
      'none denied 0',
      'none skipped 0',
    ])
  })

  it('count store failures, store calls, bans, ban removals, keys and evictions', async () => {
    const registry = new Registry()
    const { limiters, send } = everyOutcome()
    for (const limiter of limiters) metrics(limiter, { registry })
    await send()
    const text = await registry.metrics()
    const value = (metric: string, limiter: string, labels: object = {}): number | undefined =>
      numberOf(text, metric, { limiter, ...labels })
    expect(value('tollgate_store_failures_total', 'strict', { kind: 'error' })).toBe(1)
    expect(value('tollgate_store_failures_total', 'strict', { kind: 'timeout' })).toBe(0)
    expect(value('tollgate_store_failures_total', 'api', { kind: 'error' })).toBe(0)
    expect(value('tollgate_store_call_duration_seconds_count', 'api')).toBe(13)
    expect(value('tollgate_store_call_duration_seconds_bucket', 'api', { le: '+Inf' })).toBe(13)
    expect(value('tollgate_store_call_duration_seconds_sum', 'api')).toBeGreaterThan(0)
    expect(value('tollgate_bans_total', 'api', { cause: 'block' })).toBe(1)
    expect(value('tollgate_bans_total', 'api', { cause: 'refusals' })).toBe(0)
    expect(value('tollgate_ban_removals_total', 'api', { cause: 'unblock' })).toBe(1)
    expect(value('tollgate_ban_removals_total', 'api', { cause: 'reset' })).toBe(CLIENT_KEYS.length)
    expect(value('tollgate_clients', 'crowded')).toBe(1)
    expect(value('tollgate_evictions_total', 'crowded')).toBe(CLIENT_KEYS.length - 1)
    // A store without figures has no series, because its numbers would be wrong.
    expect(value('tollgate_clients', 'strict')).toBeUndefined()
  })

  it('count the units that settlements take and give back, with the unit where there is one', async () => {
    const registry = new Registry()
    const { limiters, send } = everyOutcome()
    for (const limiter of limiters) metrics(limiter, { registry })
    await send()
    await send()
    const settled = seriesOf(await registry.metrics())
      .filter(({ metric, labels }) => {
        return metric === 'tollgate_settled_units_total' && ['tokens', 'api'].includes(String(labels.limiter))
      })
      .map(({ labels, value }) => ({ ...labels, value }))
    expect(settled).toEqual([
      { limiter: 'api', direction: 'taken', value: 0 },
      { limiter: 'api', direction: 'given_back', value: 0 },
      { limiter: 'tokens', direction: 'taken', unit: 'tokens', value: 6 },
      { limiter: 'tokens', direction: 'given_back', unit: 'tokens', value: 10 },
    ])
  })

  it('show what runs and what waits at a concurrency limiter, and no such series of others', async () => {
    const registry = new Registry()
    const exports = createConcurrencyLimiter({
      name: 'exports',
      limit: 2,
      queue: { size: 1, timeoutMs: 60_000 },
      trustProxy: false,
    })
    metrics([exports, createRateLimiter({ name: 'api' })], { registry })
    const inFlight = async (): Promise<unknown[]> =>
      seriesOf(await registry.metrics())
        .filter(({ metric }) => metric.endsWith('_requests'))
        .map(({ metric, labels, value }) => [metric, labels, value])
    const levels = (running: number, waiting: number): unknown[] => [
      ['tollgate_in_flight_requests', { limiter: 'exports' }, running],
      ['tollgate_waiting_requests', { limiter: 'exports' }, waiting],
    ]
    expect(await inFlight()).toEqual(levels(0, 0))
    const requests = [run(exports), run(exports), run(exports), run(exports)]
    expect(requests.map(({ ran }) => ran)).toEqual([true, true, false, false])
    expect(await inFlight()).toEqual(levels(2, 1))
    const refused = { limiter: 'exports', class: 'any', outcome: 'limited' }
    expect(numberOf(await registry.metrics(), DECISIONS, refused)).toBe(1)
    for (const request of requests.slice(0, 2)) close(request)
    await until('the request that waits runs', () => requests[2]?.ran === true)
    expect(await inFlight()).toEqual(levels(1, 0))
    registry.resetMetrics()
    expect(await inFlight()).toEqual(levels(1, 0))
    if (requests[2] !== undefined) close(requests[2])
    expect(await inFlight()).toEqual(levels(0, 0))
    await exports.close()
  })

  it('show the state of the circuit breaker, which is open while the store fails', async () => {
    const store = new FaultyStore(new MemoryStore())
    const registry = new Registry()
    const limiter = createRateLimiter({ name: 'api', store, onStoreError: 'allow' })
    metrics(limiter, { registry })
    const states = async (): Promise<(number | undefined)[]> => {
      const text = await registry.metrics()
      return ['closed', 'open', 'half-open'].map((state) =>
        numberOf(text, 'tollgate_circuit_state', { limiter: 'api', state }),
      )
    }
    expect(await states()).toEqual([1, 0, 0])
    store.fail({ kind: 'throw' })
    for (let request = 0; request < 100 && limiter.health().state === 'closed'; request++) {
      await limiter.consume(KEY, { class: 'read' })
    }
    expect(await states()).toEqual([0, 1, 0])
    const text = await registry.metrics()
    expect(numberOf(text, 'tollgate_store_failures_total', { limiter: 'api', kind: 'error' })).toBe(
      store.calls,
    )
  })

  it('contain no client key', async () => {
    const registry = new Registry()
    const { limiters, send } = everyOutcome()
    for (const limiter of limiters) metrics(limiter, { registry })
    await send()
    const text = await registry.metrics()
    for (const key of CLIENT_KEYS) expect(text).not.toContain(key)
    expect(text).toContain('limiter="api"')
  })

  it('escape the name of a limiter', async () => {
    const registry = new Registry()
    metrics(createRateLimiter({ name: 'a "b" \\c' }), { registry })
    const text = await registry.metrics()
    expect(text).toContain('limiter="a \\"b\\" \\\\c"')
    expect(seriesOf(text).every(({ labels }) => labels.limiter === 'a "b" \\c')).toBe(true)
  })
})

describe('a registry', () => {
  it('counts a limiter that it is given twice once, until both are closed', async () => {
    const registry = new Registry()
    const limiter = createRateLimiter({ name: 'api' })
    const [first, second] = [metrics(limiter, { registry }), metrics(limiter, { registry })]
    const allowed = async (): Promise<number | undefined> =>
      numberOf(await registry.metrics(), DECISIONS, { limiter: 'api', class: 'read', outcome: 'allowed' })
    await limiter.consume(KEY, { class: 'read' })
    expect(await allowed()).toBe(1)
    first.close()
    first.close()
    await limiter.consume(KEY, { class: 'read' })
    expect(await allowed()).toBe(2)
    second.close()
    await limiter.consume(KEY, { class: 'read' })
    expect(await allowed()).toBeUndefined()
    metrics(limiter, { registry })
    expect(await allowed()).toBe(0)
  })

  it('keeps the metrics of others, and separates its metrics from those of another registry', async () => {
    const [one, other] = [new Registry(), new Registry()]
    new Counter({ name: 'orders_total', help: 'Orders.', registers: [one] }).inc()
    const limiter = createRateLimiter({ name: 'api' })
    metrics(limiter, { registry: one })
    await limiter.consume(KEY, { class: 'read' })
    metrics(limiter, { registry: other })
    await limiter.consume(KEY, { class: 'read' })
    const labels = { limiter: 'api', class: 'read', outcome: 'allowed' }
    expect(numberOf(await one.metrics(), DECISIONS, labels)).toBe(2)
    expect(numberOf(await other.metrics(), DECISIONS, labels)).toBe(1)
    expect(numberOf(await one.metrics(), 'orders_total', {})).toBe(1)
  })

  it('sets its metrics to 0 on a reset, except those that the store counts', async () => {
    const registry = new Registry()
    const { limiters, send } = everyOutcome()
    for (const limiter of limiters) metrics(limiter, { registry })
    await send()
    registry.resetMetrics()
    const left = seriesOf(await registry.metrics()).filter(({ value }) => value !== 0)
    const names = new Set(left.map(({ metric }) => metric))
    expect([...names]).toEqual(['tollgate_circuit_state', 'tollgate_clients', 'tollgate_evictions_total'])
  })

  it('accepts the metrics again after it was cleared', async () => {
    const registry = new Registry()
    const limiter = createRateLimiter({ name: 'api' })
    metrics(limiter, { registry })
    registry.clear()
    expect(seriesOf(await registry.metrics())).toEqual([])
    metrics(limiter, { registry })
    await limiter.consume(KEY, { class: 'read' })
    const labels = { limiter: 'api', class: 'read', outcome: 'allowed' }
    expect(numberOf(await registry.metrics(), DECISIONS, labels)).toBe(1)
  })

  it('adds its default labels', async () => {
    const registry = new Registry()
    registry.setDefaultLabels({ app: 'shop' })
    const limiter = createRateLimiter({ name: 'api' })
    metrics(limiter, { registry })
    const labels = { limiter: 'api', app: 'shop', class: 'read', outcome: 'near' }
    expect(numberOf(await registry.metrics(), DECISIONS, labels)).toBe(0)
  })

  it('writes OpenMetrics: the name of a counter has no _total, and its lines have it', async () => {
    const registry = new Registry<typeof Registry.OPENMETRICS_CONTENT_TYPE>()
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
    for (const name of ['api', 'login']) {
      metrics(createRateLimiter({ name }), { registry })
      const text = await registry.metrics()
      expect(text.match(/^# TYPE tollgate_decisions .*$/gm)).toEqual(['# TYPE tollgate_decisions counter'])
      const line = `\ntollgate_decisions_total{limiter="${name}",class="read",outcome="near"} 0\n`
      expect(text).toContain(line)
      expect(text).not.toContain('_total_total')
      expect(text.endsWith('# EOF\n')).toBe(true)
    }
  })

  it('can be added up with those of other workers of a cluster', async () => {
    const perWorker = await Promise.all(
      [1, 2].map(async (requests) => {
        const registry = new Registry()
        const limiter = createRateLimiter({ name: 'api' })
        metrics(limiter, { registry })
        for (let request = 0; request < requests; request++) await limiter.consume(KEY, { class: 'read' })
        return registry.getMetricsAsJSON()
      }),
    )
    const text = await AggregatorRegistry.aggregate(perWorker).metrics()
    const labels = { limiter: 'api', class: 'read', outcome: 'allowed' }
    expect(numberOf(text, DECISIONS, labels)).toBe(3)
    expect(numberOf(text, 'tollgate_store_call_duration_seconds_count', { limiter: 'api' })).toBe(3)
    expect(numberOf(text, 'tollgate_circuit_state', { limiter: 'api', state: 'closed' })).toBe(2)
  })

  it('can be merged with another', async () => {
    const [own, other] = [new Registry(), new Registry()]
    metrics(createRateLimiter({ name: 'api' }), { registry: own })
    new Counter({ name: 'orders_total', help: 'Orders.', registers: [other] }).inc()
    const names = seriesOf(await Registry.merge([own, other]).metrics()).map(({ metric }) => metric)
    expect(names).toContain(DECISIONS)
    expect(names).toContain('orders_total')
  })
})
