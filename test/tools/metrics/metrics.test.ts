import { channel } from 'node:diagnostics_channel'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Registry } from 'prom-client'
import { describe, expect, it, vi } from 'vitest'
import { CHANNEL_NAMES } from '../../../src/events/channels.ts'
import { createRateLimiter, MemoryStore } from '../../../src/index.ts'
import { metrics } from '../../../src/tools/metrics/index.ts'
import { seriesOf } from '../../support/metrics/exposition.ts'
import { thrownBy } from '../../support/thrown-by.ts'

const CHANNELS = [
  CHANNEL_NAMES.decision,
  CHANNEL_NAMES.storeCall,
  CHANNEL_NAMES.storeFailure,
  CHANNEL_NAMES.ban,
]

/** The channels that have subscribers. */
const subscribed = (): string[] => CHANNELS.filter((name) => channel(name).hasSubscribers)

function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}

describe('metrics()', () => {
  const limiter = createRateLimiter({ name: 'api' })
  const measure = (one: unknown, options: unknown): unknown => metrics(one as never, options as never)

  it.each([
    [{}, 'registry: is missing, and meter is missing too.'],
    [
      { registry: new Registry(), meter: { createHistogram: () => undefined } },
      'registry: is given together with meter.',
    ],
  ])('takes either a registry or a meter', (options, problem) => {
    const { code, message } = thrownBy(() => measure(limiter, options))
    expect(code).toBe('impossible_combination')
    expect(message).toBe(
      `${problem} Give either a registry of prom-client or a meter of OpenTelemetry. For both, call metrics() twice.`,
    )
  })

  it('refuses values that are not a registry or a meter', () => {
    expect(thrownBy(() => measure(limiter, { registry: 'register' })).message).toBe(
      "registry: takes an object with the methods registerMetric, got 'register'. Give the register of prom-client, or a new Registry().",
    )
    expect(thrownBy(() => measure(limiter, { meter: {} })).message).toBe(
      'meter: takes an object with the methods createObservableCounter, createObservableUpDownCounter, createHistogram, ' +
        "addBatchObservableCallback, got {}. Give the meter that metrics.getMeter('...') of OpenTelemetry returned.",
    )
    expect(thrownBy(() => measure(limiter, { registry: null })).code).toBe('invalid_option')
  })

  it('refuses values that are not a limiter, and unknown options', () => {
    expect(thrownBy(() => measure(() => undefined, { registry: new Registry() })).message).toMatch(
      /^limiters: takes one or more limiters, got .*\. Give a limiter that createRateLimiter\(\) returned, or an array of at least one limiter\.$/,
    )
    expect(thrownBy(() => measure(limiter, { register: new Registry() })).nearest).toBe('registry')
    expect(thrownBy(() => measure(limiter, undefined)).code).toBe('invalid_option')
  })

  it('measures several limiters in one call, all or none, and ends their counting in one', async () => {
    const registry = new Registry()
    const [one, two] = [createRateLimiter({ name: 'one' }), createRateLimiter({ name: 'two' })]
    const namesakes = [createRateLimiter({ name: 'three' }), createRateLimiter({ name: 'three' })]
    expect(thrownBy(() => metrics(namesakes, { registry })).code).toBe('impossible_combination')
    expect(thrownBy(() => metrics([], { registry })).code).toBe('invalid_option')
    const metering = metrics([one, two, one], { registry })
    await one.consume('client', { class: 'read' })
    await two.consume('client', { class: 'read' })
    const countedLimiters = async (): Promise<string[]> => {
      const exposition = await registry.metrics()
      return ['one', 'two', 'three'].filter((name) => exposition.includes(`limiter="${name}"`))
    }
    expect(await countedLimiters()).toEqual(['one', 'two'])
    metering.close()
    expect(await countedLimiters()).toEqual([])
  })

  it('refuses a second limiter of the same name on one registry, because no label would distinguish them', () => {
    const registry = new Registry()
    const first = metrics(limiter, { registry })
    const second = createRateLimiter({ name: 'api' })
    const { code, message } = thrownBy(() => metrics(second, { registry }))
    expect(code).toBe('impossible_combination')
    expect(message).toBe(
      "another limiter named 'api' is measured on this registry. Give each limiter its own name, createRateLimiter({ name: '...' }), or close the metrics of the other.",
    )
    metrics(second, { registry: new Registry() }).close()
    first.close()
    metrics(second, { registry }).close()
  })
})

describe('a limiter', () => {
  it('is subscribed to only while it is measured', () => {
    expect(subscribed()).toEqual([])
    const registry = new Registry()
    const [one, other] = [createRateLimiter({ name: 'one' }), createRateLimiter({ name: 'other' })]
    const both = [metrics(one, { registry }), metrics(other, { registry })]
    expect(subscribed()).toEqual(CHANNELS)
    both[0]?.close()
    expect(subscribed()).toEqual(CHANNELS)
    both[1]?.close()
    expect(subscribed()).toEqual([])
  })

  it('that is no longer used is collected with its series, although its registry is still used', async () => {
    const registry = new Registry()
    const store = new MemoryStore()
    const measureDropped = async (): Promise<WeakRef<object>> => {
      const limiter = createRateLimiter({ name: 'dropped', store })
      metrics(limiter, { registry })
      await limiter.consume('192.0.2.1', { class: 'read' })
      return new WeakRef(limiter)
    }
    const dropped = await measureDropped()
    expect(seriesOf(await registry.metrics()).length).toBeGreaterThan(0)
    await vi.waitFor(
      () => {
        collectGarbage()
        // A failed assertion on the limiter itself would keep it alive.
        expect(dropped.deref() === undefined).toBe(true)
        expect(subscribed()).toEqual([])
      },
      { timeout: 60_000 },
    )
    expect(seriesOf(await registry.metrics())).toEqual([])
  })

  it('that is closed and then collected ends its subscription once, and not that of the others', async () => {
    const registry = new Registry()
    const others = ['one', 'other'].map((name) => createRateLimiter({ name }))
    const meterings = others.map((limiter) => metrics(limiter, { registry }))
    const measureClosed = (): WeakRef<object> => {
      const limiter = createRateLimiter({ name: 'closed' })
      metrics(limiter, { registry }).close()
      return new WeakRef(limiter)
    }
    const closed = measureClosed()
    await vi.waitFor(
      () => {
        collectGarbage()
        expect(closed.deref() === undefined).toBe(true)
      },
      { timeout: 60_000 },
    )
    // The callbacks of collected objects run before a callback of setImmediate.
    await new Promise((resolve) => setImmediate(resolve))
    meterings[0]?.close()
    expect(subscribed()).toEqual(CHANNELS)
    meterings[1]?.close()
    expect(subscribed()).toEqual([])
    // This use keeps the other limiters alive until here.
    expect(others.map((limiter) => limiter.health().state)).toEqual(['closed', 'closed'])
  })
})
