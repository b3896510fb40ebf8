import type { BanEvent, Outcome } from '../../events/channels.ts'
import type { CircuitState } from '../../stores/resilience/circuit-breaker.ts'
import type { ClassName, LimiterTally } from './limiter-tally.ts'
import { memoryStatsOf } from './memory-stats.ts'

/** One number, with the labels that tell it from the others of its limiter. */
export interface Sample {
  readonly labels: Readonly<Partial<Record<LabelName, string>>>
  readonly value: number
}

/** The labels there are, beside `limiter` and a histogram's `le`. */
export type LabelName = 'class' | 'outcome' | 'kind' | 'state' | 'cause'

/** Something to know of a limiter: what it is called in both worlds, and how it is read. */
export interface MetricDefinition {
  /** For Prometheus. */
  readonly metric: string
  /** For OpenTelemetry; exporters to Prometheus make the same name of it. */
  readonly instrument: string
  /** In UCUM, as OpenTelemetry wants it. */
  readonly unit: string
  /** A `level` goes up and down, and can be added up over limiters and processes. */
  readonly kind: 'counter' | 'level'
  readonly help: string
  readonly samples: (tally: LimiterTally) => Sample[]
  /** Begins again at 0; absent where the number is not the tally's own. */
  readonly clear?: (tally: LimiterTally) => void
}

const CLASSES: readonly ClassName[] = ['read', 'write', 'none']
const STATES: readonly CircuitState[] = ['closed', 'open', 'half-open']
const BEGINS: readonly BanEvent['cause'][] = ['refusals', 'block']
const ENDS: readonly BanEvent['cause'][] = ['unblock', 'reset']

/** What becomes of requests before they are sorted into a class. */
const UNSORTED: readonly Outcome[] = ['denied', 'skipped']

/**
 * Whether there is a line of it while it is 0: a rate is seen only from the second scrape of a series on, so what can
 * happen is there from the start. What cannot would be noise.
 */
function isPossible({ description }: LimiterTally, className: ClassName, outcome: Outcome): boolean {
  const isUnsorted = UNSORTED.includes(outcome)
  if (className === 'none') return isUnsorted
  return !isUnsorted && description[className] !== false
}

function decisionSamples(tally: LimiterTally): Sample[] {
  return CLASSES.flatMap((className) =>
    (Object.entries(tally.decisions[className]) as [Outcome, number][])
      .filter(([outcome, count]) => count > 0 || isPossible(tally, className, outcome))
      .map(([outcome, value]) => ({ labels: { class: className, outcome }, value })),
  )
}

const banSamples =
  (causes: readonly BanEvent['cause'][]) =>
  ({ bans }: LimiterTally): Sample[] =>
    causes.map((cause) => ({ labels: { cause }, value: bans[cause] }))

const clearBans =
  (causes: readonly BanEvent['cause'][]) =>
  ({ bans }: LimiterTally): void => {
    for (const cause of causes) bans[cause] = 0
  }

function clearNumbers(numbers: Record<string, number>): void {
  for (const name of Object.keys(numbers)) numbers[name] = 0
}

const DECISIONS: MetricDefinition = {
  metric: 'tollgate_decisions_total',
  instrument: 'tollgate.decisions',
  unit: '{decision}',
  kind: 'counter',
  help: 'Decisions on requests and on charges without one, by class of request and outcome.',
  samples: decisionSamples,
  clear: ({ decisions }) => {
    for (const className of CLASSES) clearNumbers(decisions[className])
  },
}

const FAILURES: MetricDefinition = {
  metric: 'tollgate_store_failures_total',
  instrument: 'tollgate.store.failures',
  unit: '{failure}',
  kind: 'counter',
  help: 'Calls of the store that failed, decisions and writes, by kind of failure.',
  samples: ({ failures }) => Object.entries(failures).map(([kind, value]) => ({ labels: { kind }, value })),
  clear: ({ failures }) => clearNumbers(failures),
}

const CIRCUIT: MetricDefinition = {
  metric: 'tollgate_circuit_state',
  instrument: 'tollgate.circuit.state',
  unit: '{circuit}',
  kind: 'level',
  help: 'Whether the limiter asks its store: 1 for the state it is in, 0 for the others.',
  samples: ({ limiter }) => {
    const { state } = limiter.health()
    return STATES.map((one) => ({ labels: { state: one }, value: one === state ? 1 : 0 }))
  },
}

const BANS: MetricDefinition = {
  metric: 'tollgate_bans_total',
  instrument: 'tollgate.bans',
  unit: '{ban}',
  kind: 'counter',
  help: 'Bans that began, by cause: too many refusals, or a call of block().',
  samples: banSamples(BEGINS),
  clear: clearBans(BEGINS),
}

const BAN_REMOVALS: MetricDefinition = {
  metric: 'tollgate_pardons_total',
  instrument: 'tollgate.pardons',
  unit: '{pardon}',
  kind: 'counter',
  help: 'Calls of unblock() and reset() that ended whatever ban a client had.',
  samples: banSamples(ENDS),
  clear: clearBans(ENDS),
}

const CLIENTS: MetricDefinition = {
  metric: 'tollgate_clients',
  instrument: 'tollgate.clients',
  unit: '{client}',
  kind: 'level',
  help: 'Keys in the memory store: one for each limiter, class of request and client that it remembers.',
  samples: ({ limiter }) => {
    const stats = memoryStatsOf(limiter.store)
    return stats === undefined ? [] : [{ labels: {}, value: stats.keys }]
  },
}

const EVICTIONS: MetricDefinition = {
  metric: 'tollgate_evictions_total',
  instrument: 'tollgate.evictions',
  unit: '{eviction}',
  kind: 'counter',
  help: 'Keys that the memory store forgot before their time, to make room.',
  samples: ({ limiter }) => {
    const stats = memoryStatsOf(limiter.store)
    return stats === undefined ? [] : [{ labels: {}, value: stats.unexpiredEvictions }]
  },
}

/** All there is to know but how long calls of the store took, which is a histogram and no number. */
export const METRIC_DEFINITIONS: readonly MetricDefinition[] = [
  DECISIONS,
  FAILURES,
  CIRCUIT,
  BANS,
  BAN_REMOVALS,
  CLIENTS,
  EVICTIONS,
]

/** The histogram. */
export const STORE_CALL_DURATION = {
  metric: 'tollgate_store_call_duration_seconds',
  instrument: 'tollgate.store.call.duration',
  unit: 's',
  help: 'Time that the store took for a decision, failures included.',
} as const
