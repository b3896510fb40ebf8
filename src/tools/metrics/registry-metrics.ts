import { sharedState } from '../../errors/shared-state.ts'
import { DURATION_BOUNDS } from './duration-buckets.ts'
import type { LimiterTally, MeteredLimiter } from './limiter-tally.ts'
import { METRIC_DEFINITIONS, type MetricDefinition, STORE_CALL_DURATION } from './metric-definitions.ts'
import { type Metering, TallyGroup } from './tally-group.ts'

/** A registry of prom-client, 14 or 15: the method that is called. */
export interface MetricsRegistry {
  registerMetric(metric: never): void
}

/** One line of the exposition. */
interface Line {
  /** Only if it differs from the name of the metric. */
  readonly metricName?: string
  readonly labels: Record<string, string | number>
  readonly value: number
}

/** A metric in the form that a registry of prom-client expects. */
interface RegisteredMetric {
  /** A registry that writes OpenMetrics removes `_total` from it, and adds it to the lines again. */
  name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** How the `AggregatorRegistry` of prom-client combines the workers of a cluster. */
  readonly aggregator: 'sum'
  get(): Promise<object>
  reset(): void
}

/**
 * The metrics of all limiters on one registry: each is registered once, and a label distinguishes the
 * limiters.
 */
class RegistryMetrics {
  readonly #group = new TallyGroup('registry')
  /** By their original names: a registry changes `name` of {@link RegisteredMetric}. */
  readonly #metrics: ReadonlyMap<string, RegisteredMetric> = new Map(
    [...METRIC_DEFINITIONS.map((definition) => this.#numbers(definition)), this.#histogram()].map(
      (metric) => [metric.name, metric],
    ),
  )

  /**
   * Registers the metrics, also on a registry that was cleared; does nothing if they are registered. Throws
   * the error of prom-client if a name is taken.
   */
  registerOn(registry: MetricsRegistry): void {
    for (const [name, metric] of this.#metrics) {
      metric.name = name
      registry.registerMetric(metric as never)
    }
  }

  add(limiter: MeteredLimiter): Metering {
    return this.#group.add(limiter)
  }

  #numbers(definition: MetricDefinition): RegisteredMetric {
    return this.#metric({
      name: definition.metric,
      help: definition.help,
      type: definition.kind === 'counter' ? 'counter' : 'gauge',
      linesOf: (tally) =>
        definition.samples(tally).map(({ labels, value }) => ({
          labels: { limiter: tally.description.name, ...labels },
          value,
        })),
      clear: (tally) => definition.clear?.(tally),
    })
  }

  #histogram(): RegisteredMetric {
    return this.#metric({
      name: STORE_CALL_DURATION.metric,
      help: STORE_CALL_DURATION.help,
      type: 'histogram',
      linesOf: histogramLines,
      clear: ({ durations }) => durations.clear(),
    })
  }

  #metric({ linesOf, clear, ...rest }: MetricParts): RegisteredMetric {
    const group = this.#group
    return {
      ...rest,
      aggregator: 'sum',
      async get() {
        const { name, help, type, aggregator } = this
        return { name, help, type, aggregator, values: group.tallies().flatMap(linesOf) }
      },
      reset() {
        for (const tally of group.tallies()) clear(tally)
      },
    }
  }
}

interface MetricParts extends Pick<RegisteredMetric, 'name' | 'help' | 'type'> {
  readonly linesOf: (tally: LimiterTally) => Line[]
  readonly clear: (tally: LimiterTally) => void
}

function histogramLines({ durations, description }: LimiterTally): Line[] {
  const { metric } = STORE_CALL_DURATION
  const limiter = description.name
  const counts = durations.cumulative()
  const buckets = counts.map((value, bucket) => ({
    metricName: `${metric}_bucket`,
    labels: { le: DURATION_BOUNDS[bucket] ?? '+Inf', limiter },
    value,
  }))
  const sum = { metricName: `${metric}_sum`, labels: { limiter }, value: durations.sumSec }
  const count = { metricName: `${metric}_count`, labels: { limiter }, value: counts.at(-1) ?? 0 }
  return [...buckets, sum, count]
}

const metricsOf = sharedState(
  Symbol.for('express-tollgate.registry-metrics'),
  () => new WeakMap<MetricsRegistry, RegistryMetrics>(),
)

/** Measures a limiter on a registry. Throws the errors of {@link TallyGroup.add} and of the registry. */
export function measureOnRegistry(limiter: MeteredLimiter, registry: MetricsRegistry): Metering {
  const metrics = metricsOf.get(registry) ?? new RegistryMetrics()
  metricsOf.set(registry, metrics)
  metrics.registerOn(registry)
  return metrics.add(limiter)
}
