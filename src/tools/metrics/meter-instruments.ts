import { sharedState } from '../../errors/shared-state.ts'
import { LIMITER_DESCRIPTION } from '../../limits/limiter-description.ts'
import { DURATION_BOUNDS } from './duration-buckets.ts'
import type { LimiterTally, MeteredLimiter } from './limiter-tally.ts'
import {
  type LabelName,
  METRIC_DEFINITIONS,
  type MetricDefinition,
  type Sample,
  STORE_CALL_DURATION,
} from './metric-definitions.ts'
import { type Metering, TallyGroup } from './tally-group.ts'

/** Options of an instrument. */
export interface InstrumentOptions {
  readonly description: string
  readonly unit: string
  /** Has an effect since @opentelemetry/api 1.7. */
  readonly advice?: { explicitBucketBoundaries: number[] }
}

/** The labels of a number: names and values. */
export type Attributes = Record<string, string>

/** The object that a callback reports the numbers of observable instruments to. */
export interface ObservedNumbers {
  observe(instrument: never, value: number, attributes: Attributes): void
}

/** A meter of `@opentelemetry/api`: the methods that are called. */
export interface MetricsMeter {
  createObservableCounter(name: string, options: InstrumentOptions): object
  createObservableUpDownCounter(name: string, options: InstrumentOptions): object
  createHistogram(
    name: string,
    options: InstrumentOptions,
  ): { record(value: number, attributes: Attributes): void }
  addBatchObservableCallback(callback: (result: ObservedNumbers) => void, instruments: never[]): void
}

/** The attribute of each label. The conventions of OpenTelemetry give each name a namespace. */
export const ATTRIBUTES: Readonly<Record<LabelName, string>> = {
  plan: 'tollgate.plan',
  class: 'tollgate.request.class',
  outcome: 'tollgate.outcome',
  // The semantic conventions define this name.
  kind: 'error.type',
  direction: 'tollgate.settlement.direction',
  unit: 'tollgate.unit',
  state: 'tollgate.circuit.state',
  cause: 'tollgate.ban.cause',
}
const LIMITER_NAME = 'tollgate.limiter.name'

/** The instruments of all limiters on one meter. */
class MeterInstruments {
  readonly #group = new TallyGroup('meter')
  readonly #durations: ReturnType<MetricsMeter['createHistogram']>

  constructor(meter: MetricsMeter) {
    const instruments = METRIC_DEFINITIONS.map(
      (definition) => [definition, createInstrument(meter, definition)] as const,
    )
    const { instrument, help, unit } = STORE_CALL_DURATION
    const advice = { explicitBucketBoundaries: [...DURATION_BOUNDS] }
    this.#durations = meter.createHistogram(instrument, { description: help, unit, advice })
    const observe = (result: ObservedNumbers): void => {
      for (const tally of this.#group.tallies()) {
        for (const [definition, one] of instruments) observeMetric(result, one, definition, tally)
      }
    }
    meter.addBatchObservableCallback(observe, instruments.map(([, one]) => one) as never[])
  }

  add(limiter: MeteredLimiter): Metering {
    const attributes = { [LIMITER_NAME]: limiter[LIMITER_DESCRIPTION].name }
    return this.#group.add(limiter, (durationSec) => this.#durations.record(durationSec, attributes))
  }
}

function createInstrument(meter: MetricsMeter, { kind, instrument, help, unit }: MetricDefinition): object {
  const options = { description: help, unit }
  if (kind === 'counter') return meter.createObservableCounter(instrument, options)
  return meter.createObservableUpDownCounter(instrument, options)
}

function observeMetric(
  result: ObservedNumbers,
  instrument: object,
  definition: MetricDefinition,
  tally: LimiterTally,
): void {
  for (const { labels, value } of definition.samples(tally)) {
    result.observe(instrument as never, value, attributesOf(tally.description.name, labels))
  }
}

function attributesOf(limiterName: string, labels: Sample['labels']): Attributes {
  const attributes: Attributes = { [LIMITER_NAME]: limiterName }
  for (const [label, value] of Object.entries(labels)) attributes[ATTRIBUTES[label as LabelName]] = value
  return attributes
}

const instrumentsOf = sharedState(
  Symbol.for('express-tollgate.meter-instruments'),
  () => new WeakMap<MetricsMeter, MeterInstruments>(),
)

/** Measures a limiter with a meter. Throws the errors of {@link TallyGroup.add}. */
export function measureWithMeter(limiter: MeteredLimiter, meter: MetricsMeter): Metering {
  const instruments = instrumentsOf.get(meter) ?? new MeterInstruments(meter)
  instrumentsOf.set(meter, instruments)
  return instruments.add(limiter)
}
