import { checkNames, rejectOption } from '../../errors/option-checks.ts'
import { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import { givenLimiters } from '../../limiter/given-limiters.ts'
import type { MeteredLimiter } from './limiter-tally.ts'
import { type MetricsMeter, measureWithMeter } from './meter-instruments.ts'
import { type MetricsRegistry, measureOnRegistry } from './registry-metrics.ts'
import type { Metering } from './tally-group.ts'

/** Where metrics are registered: on a registry of prom-client, or on a meter of OpenTelemetry. */
export type MetricsOptions =
  | { readonly registry: MetricsRegistry; readonly meter?: undefined }
  | { readonly meter: MetricsMeter; readonly registry?: undefined }

/**
 * Measures a limiter, or several, from this call on: the outcomes of requests, the calls and failures of the store, and
 * the number of clients that it remembers. No metric contains a client key.
 *
 * Several limiters may share a registry or a meter: the label `limiter` (the attribute
 * `tollgate.limiter.name`) distinguishes them. A limiter that is given twice is counted once.
 *
 * @returns an object whose `close()` ends the counting; a limiter that is no longer used needs no `close()`
 * @throws RateLimiterError `invalid_option`, `unknown_option`; `impossible_combination` if neither or both of
 *   `registry` and `meter` are given, or if another limiter of the same name is measured there. Then none is measured
 * @see https://express-tollgate.github.io/express-tollgate/metrics for the list of metrics
 */
export function metrics(
  limiters: MeteredLimiter | readonly MeteredLimiter[],
  options: MetricsOptions,
): Metering {
  const measured = givenLimiters(limiters)
  const measure = measureBy(options)
  const meterings: Metering[] = []
  const close = (): void => {
    for (const metering of meterings) metering.close()
  }
  try {
    for (const limiter of measured) meterings.push(measure(limiter))
  } catch (error) {
    close()
    throw error
  }
  return { close }
}

/** How a limiter is measured: on the registry or by the meter of the options. */
function measureBy(options: MetricsOptions): (limiter: MeteredLimiter) => Metering {
  const { registry, meter } = checkNames('', options, ['registry', 'meter'])
  if (registry !== undefined && meter === undefined) {
    const checked = checkMethods('registry', registry, REGISTRY_METHODS)
    return (limiter) => measureOnRegistry(limiter, checked)
  }
  if (meter !== undefined && registry === undefined) {
    const checked = checkMethods('meter', meter, METER_METHODS)
    return (limiter) => measureWithMeter(limiter, checked)
  }
  throw new RateLimiterError({
    code: 'impossible_combination',
    option: 'registry',
    problem: registry === undefined ? 'is missing, and meter is missing too' : 'is given together with meter',
    remedy:
      'Give either a registry of prom-client or a meter of OpenTelemetry. For both, call metrics() twice.',
  })
}

const REGISTRY_METHODS: readonly (keyof MetricsRegistry)[] = ['registerMetric']
const METER_METHODS: readonly (keyof MetricsMeter)[] = [
  'createObservableCounter',
  'createObservableUpDownCounter',
  'createHistogram',
  'addBatchObservableCallback',
]

/** Returns `value` if it has the methods of a registry or a meter. Throws an error otherwise. */
function checkMethods<T extends object>(option: string, value: T, methods: readonly (keyof T & string)[]): T {
  const hasAll = methods.every((method) => typeof (value as T | null)?.[method] === 'function')
  if (hasAll) return value
  const remedy =
    option === 'registry'
      ? 'Give the register of prom-client, or a new Registry().'
      : "Give the meter that metrics.getMeter('...') of OpenTelemetry returned."
  return rejectOption(option, value, `takes an object with the methods ${methods.join(', ')}`, remedy)
}
