import { checkNames, rejectOption } from '../../errors/option-checks.ts'
import { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import { describeLimiter } from '../../limits/limiter-description.ts'
import type { MeteredLimiter } from './limiter-tally.ts'
import { type MetricsMeter, measureWithMeter } from './meter-instruments.ts'
import { type MetricsRegistry, measureOnRegistry } from './registry-metrics.ts'
import type { Metering } from './tally-group.ts'

/** Where metrics go: to a registry of prom-client, or to a meter of OpenTelemetry. */
export type MetricsOptions =
  | { readonly registry: MetricsRegistry; readonly meter?: undefined }
  | { readonly meter: MetricsMeter; readonly registry?: undefined }

/**
 * Measures a limiter from now on: what becomes of requests, how its store fares, how many clients it remembers.
 * docs/metrics.md lists the metrics. No client's key is ever in one.
 *
 * Several limiters may share a registry or a meter, where the label `limiter` (the attribute `tollgate.limiter.name`)
 * tells them apart; one given twice is counted once.
 *
 * @returns what ends it; a limiter that is dropped needs no end
 * @throws RateLimiterError `invalid_option`, `unknown_option`; `impossible_combination` without or with both of
 *   `registry` and `meter`, or when another limiter of the same name is measured there
 */
export function metrics(limiter: MeteredLimiter, options: MetricsOptions): Metering {
  if (describeLimiter(limiter) === undefined) {
    rejectOption('limiter', limiter, 'takes a limiter', 'Give what createRateLimiter() returned.')
  }
  const { registry, meter } = checkNames('', options, ['registry', 'meter'])
  if (registry !== undefined && meter === undefined) {
    return measureOnRegistry(limiter, checkMethods('registry', registry, REGISTRY_METHODS))
  }
  if (meter !== undefined && registry === undefined) {
    return measureWithMeter(limiter, checkMethods('meter', meter, METER_METHODS))
  }
  throw new RateLimiterError({
    code: 'impossible_combination',
    option: 'registry',
    problem: `is ${registry === undefined ? 'missing, and so is' : 'given together with'} meter`,
    remedy:
      'Give either a registry of prom-client or a meter of OpenTelemetry; call metrics() twice for both.',
  })
}

const REGISTRY_METHODS: readonly (keyof MetricsRegistry)[] = ['registerMetric']
const METER_METHODS: readonly (keyof MetricsMeter)[] = [
  'createObservableCounter',
  'createObservableUpDownCounter',
  'createHistogram',
  'addBatchObservableCallback',
]

/** The registry or meter that `value` is, or an error. */
function checkMethods<T extends object>(option: string, value: T, methods: readonly (keyof T & string)[]): T {
  const hasAll = methods.every((method) => typeof (value as T | null)?.[method] === 'function')
  if (hasAll) return value
  const remedy =
    option === 'registry'
      ? "Give prom-client's register, or a new Registry()."
      : "Give what OpenTelemetry's metrics.getMeter('...') returned."
  return rejectOption(option, value, `takes an object with ${methods.join(', ')}`, remedy)
}
