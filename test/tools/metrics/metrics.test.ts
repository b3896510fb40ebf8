import { channel } from 'node:diagnostics_channel'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Registry } from 'prom-client'
import { describe, expect, it, vi } from 'vitest'
import { createRateLimiter, MemoryStore } from '../../../src/index.ts'
import { metrics } from '../../../src/tools/metrics/index.ts'
import { seriesOf } from '../../support/metrics/exposition.ts'
import { thrownBy } from '../../support/thrown-by.ts'

const CHANNELS = ['decision', 'store-call', 'store-failure', 'ban']

/** The channels that somebody listens to. */
const heard = (): string[] => CHANNELS.filter((name) => channel(`express-tollgate:${name}`).hasSubscribers)

function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}

describe('metrics()', () => {
  const limiter = createRateLimiter({ name: 'api' })
  const measure = (one: unknown, options: unknown): unknown => metrics(one as never, options as never)

  it.each([
    [{}, 'registry: is missing, and so is meter.'],
    [
      { registry: new Registry(), meter: { createHistogram: () => undefined } },
      'registry: is given together with meter.',
    ],
  ])('takes a registry or a meter, and not both or none', (options, problem) => {
    const { code, message } = thrownBy(() => measure(limiter, options))
    expect(code).toBe('impossible_combination')
    expect(message).toBe(
      `${problem} Give either a registry of prom-client or a meter of OpenTelemetry; call metrics() twice for both.`,
    )
  })

  it('refuses what is no registry and no meter', () => {
    expect(thrownBy(() => measure(limiter, { registry: 'register' })).message).toBe(
      "registry: takes an object with registerMetric, got 'register'. Give prom-client's register, or a new Registry().",
    )
    expect(thrownBy(() => measure(limiter, { meter: {} })).message).toBe(
      'meter: takes an object with createObservableCounter, createObservableUpDownCounter, createHistogram, ' +
        "addBatchObservableCallback, got {}. Give what OpenTelemetry's metrics.getMeter('...') returned.",
    )
    expect(thrownBy(() => measure(limiter, { registry: null })).code).toBe('invalid_option')
  })

  it('refuses what is no limiter, and options that it does not know', () => {
    expect(thrownBy(() => measure(() => undefined, { registry: new Registry() })).message).toMatch(
      /^limiter: takes a limiter, got .*\. Give what createRateLimiter\(\) returned\.$/,
    )
    expect(thrownBy(() => measure(limiter, { register: new Registry() })).nearest).toBe('registry')
    expect(thrownBy(() => measure(limiter, undefined)).code).toBe('invalid_option')
  })

  it('refuses a second limiter of the same name in one place, which no label could tell apart', () => {
    const registry = new Registry()
    const first = metrics(limiter, { registry })
    const second = createRateLimiter({ name: 'api' })
    const { code, message } = thrownBy(() => metrics(second, { registry }))
    expect(code).toBe('impossible_combination')
    expect(message).toBe(
      "another limiter named 'api' is measured on this registry. Give each a name of its own, createRateLimiter({ name: '...' }), or close the metrics of the other.",
    )
    metrics(second, { registry: new Registry() }).close()
    first.close()
    metrics(second, { registry }).close()
  })
})

describe('a limiter', () => {
  it('is listened to while somebody measures it, and no longer', () => {
    expect(heard()).toEqual([])
    const registry = new Registry()
    const [one, other] = [createRateLimiter({ name: 'one' }), createRateLimiter({ name: 'other' })]
    const both = [metrics(one, { registry }), metrics(other, { registry })]
    expect(heard()).toEqual(CHANNELS)
    both[0]?.close()
    expect(heard()).toEqual(CHANNELS)
    both[1]?.close()
    expect(heard()).toEqual([])
  })

  it('that is dropped is forgotten with its series, though its registry lives on', async () => {
    const registry = new Registry()
    const store = new MemoryStore()
    const measureDropped = async (): Promise<WeakRef<object>> => {
      const limiter = createRateLimiter({ name: 'dropped', store })
      metrics(limiter, { registry })
      await limiter.consume('192.0.2.1')
      return new WeakRef(limiter)
    }
    const dropped = await measureDropped()
    expect(seriesOf(await registry.metrics()).length).toBeGreaterThan(0)
    await vi.waitFor(
      () => {
        collectGarbage()
        // Not the limiter itself: an error would hold on to it.
        expect(dropped.deref() === undefined).toBe(true)
        expect(heard()).toEqual([])
      },
      { timeout: 10_000 },
    )
    expect(seriesOf(await registry.metrics())).toEqual([])
  })

  it('that is closed and then dropped ends the listening once, and not for the others', async () => {
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
      { timeout: 10_000 },
    )
    // Those that tell of what was collected are called before what waits for the next turn.
    await new Promise((resolve) => setImmediate(resolve))
    meterings[0]?.close()
    expect(heard()).toEqual(CHANNELS)
    meterings[1]?.close()
    expect(heard()).toEqual([])
    // They were there until now: not to be asked for them would let them be collected as well.
    expect(others.map((limiter) => limiter.health().state)).toEqual(['closed', 'closed'])
  })
})
