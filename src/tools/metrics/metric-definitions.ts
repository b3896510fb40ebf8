import type { BanEvent } from '../../events/channels.ts'
import type { Outcome } from '../../events/outcome.ts'
import type { InFlightCounts } from '../../limiter/in-flight-counts.ts'
import type { LimiterDescription } from '../../limits/limiter-description.ts'
import { REQUEST_CLASSES } from '../../limits/request-class.ts'
import { memoryStatsOf } from '../../stores/memory/memory-stats.ts'
import type { CircuitState } from '../../stores/resilience/circuit-breaker.ts'
import type { ClassName, DecisionCounts, LimiterTally } from './limiter-tally.ts'

/** One number, and the labels that distinguish it from the other numbers of its limiter. */
export interface Sample {
  readonly labels: Readonly<Partial<Record<LabelName, string>>>
  readonly value: number
}

/** All labels except `limiter`, and `le` of a histogram. */
export type LabelName = 'plan' | 'class' | 'outcome' | 'kind' | 'state' | 'cause' | 'direction' | 'unit'

/** A metric of a limiter: its names for Prometheus and for OpenTelemetry, and how its numbers are read. */
export interface MetricDefinition {
  /** The name for Prometheus. */
  readonly metric: string
  /** The name for OpenTelemetry. Exporters to Prometheus turn it into the same name as `metric`. */
  readonly instrument: string
  /** In UCUM, as the conventions of OpenTelemetry require. */
  readonly unit: string
  /** A `level` goes up and down. Levels of several limiters and processes can be added up. */
  readonly kind: 'counter' | 'level'
  readonly help: string
  readonly samples: (tally: LimiterTally) => Sample[]
  /** Sets the numbers to 0; absent if they are not kept in the tally. */
  readonly clear?: (tally: LimiterTally) => void
}

const CLASSES: readonly ClassName[] = [...REQUEST_CLASSES, 'none']
const STATES: readonly CircuitState[] = ['closed', 'open', 'half-open']
const BAN_CAUSES: readonly BanEvent['cause'][] = ['refusals', 'block']
const REMOVAL_CAUSES: readonly BanEvent['cause'][] = ['unblock', 'reset']

/** The outcomes of requests that are decided before they are classified. */
const UNCLASSIFIED: readonly Outcome[] = ['denied', 'skipped']

/**
 * Whether the series is exposed while it is 0. A rate needs two scrapes of a series, so every series that can
 * move is exposed from the start. A series that cannot move would be noise.
 */
function isPossible(className: ClassName, outcome: Outcome, limitedClasses: ReadonlySet<ClassName>): boolean {
  return limitedClasses.has(className) && UNCLASSIFIED.includes(outcome) === (className === 'none')
}

/** The classes in which requests of a plan are counted; with no plan, those in which other requests are. */
function countedClasses(
  { read, write, preflight }: LimiterDescription,
  plan: string | undefined,
): ReadonlySet<ClassName> {
  const classes = new Set<ClassName>()
  for (const [readOrWrite, limits] of Object.entries({ read, write }) as ['read' | 'write', typeof read][]) {
    for (const limit of limits || []) {
      if (limit.plan === plan) classes.add(limit.allMethods === true ? 'any' : readOrWrite)
    }
  }
  if (plan !== undefined) return classes
  if (preflight !== false) classes.add('preflight')
  return classes.add('none')
}

function decisionSamples({ description, decisions, decisionsByPlan }: LimiterTally): Sample[] {
  return [
    ...samplesOf(decisions, countedClasses(description, undefined)),
    ...[...decisionsByPlan].flatMap(([plan, counts]) =>
      samplesOf(counts, countedClasses(description, plan), { plan }),
    ),
  ]
}

function samplesOf(
  decisions: DecisionCounts,
  classes: ReadonlySet<ClassName>,
  planLabel: { readonly plan?: string } = {},
): Sample[] {
  return CLASSES.flatMap((className) =>
    (Object.entries(decisions[className]) as [Outcome, number][])
      .filter(([outcome, count]) => count > 0 || isPossible(className, outcome, classes))
      .map(([outcome, value]) => ({ labels: { ...planLabel, class: className, outcome }, value })),
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
  help: 'Decisions on requests and on direct charges, by plan, request class and outcome.',
  samples: decisionSamples,
  clear: ({ decisions, decisionsByPlan }) => {
    for (const counts of [decisions, ...decisionsByPlan.values()]) {
      for (const className of CLASSES) clearNumbers(counts[className])
    }
  },
}

const FAILURES: MetricDefinition = {
  metric: 'tollgate_store_failures_total',
  instrument: 'tollgate.store.failures',
  unit: '{failure}',
  kind: 'counter',
  help: 'Store calls that failed, decisions and writes, by kind of failure.',
  samples: ({ failures }) => Object.entries(failures).map(([kind, value]) => ({ labels: { kind }, value })),
  clear: ({ failures }) => clearNumbers(failures),
}

const CIRCUIT: MetricDefinition = {
  metric: 'tollgate_circuit_state',
  instrument: 'tollgate.circuit.state',
  unit: '{circuit}',
  kind: 'level',
  help: 'State of the circuit breaker of the store: 1 for the current state, 0 for the others.',
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
  samples: banSamples(BAN_CAUSES),
  clear: clearBans(BAN_CAUSES),
}

const BAN_REMOVALS: MetricDefinition = {
  metric: 'tollgate_ban_removals_total',
  instrument: 'tollgate.ban.removals',
  unit: '{removal}',
  kind: 'counter',
  help: 'Calls of unblock() and reset(), which remove the ban of a client if there is one.',
  samples: banSamples(REMOVAL_CAUSES),
  clear: clearBans(REMOVAL_CAUSES),
}

const SETTLED_UNITS: MetricDefinition = {
  metric: 'tollgate_settled_units_total',
  instrument: 'tollgate.settled.units',
  unit: '{unit}',
  kind: 'counter',
  help: 'Units by which settlements and refunds have changed charges: taken in addition, or given back.',
  samples: ({ settledUnits, description: { unit } }) =>
    Object.entries(settledUnits).map(([direction, value]) => {
      return { labels: unit === undefined ? { direction } : { direction, unit }, value }
    }),
  clear: ({ settledUnits }) => clearNumbers(settledUnits),
}

/** A level that only limiters of requests in flight have. */
const inFlightSamples =
  (count: keyof InFlightCounts) =>
  ({ limiter }: LimiterTally): Sample[] => {
    const value = limiter[count]
    return value === undefined ? [] : [{ labels: {}, value }]
  }

const IN_FLIGHT: MetricDefinition = {
  metric: 'tollgate_in_flight_requests',
  instrument: 'tollgate.in_flight.requests',
  unit: '{request}',
  kind: 'level',
  help: 'Requests of this process that hold a place of a concurrency limiter.',
  samples: inFlightSamples('inFlight'),
}

const WAITING: MetricDefinition = {
  metric: 'tollgate_waiting_requests',
  instrument: 'tollgate.waiting.requests',
  unit: '{request}',
  kind: 'level',
  help: 'Requests of this process that wait for a place of a concurrency limiter.',
  samples: inFlightSamples('waiting'),
}

const CLIENTS: MetricDefinition = {
  metric: 'tollgate_clients',
  instrument: 'tollgate.clients',
  unit: '{client}',
  kind: 'level',
  help: 'Keys in the memory store: one for each limiter, request class and client that it remembers.',
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
  help: 'Keys that the memory store evicted before they expired, to make room.',
  samples: ({ limiter }) => {
    const stats = memoryStatsOf(limiter.store)
    return stats === undefined ? [] : [{ labels: {}, value: stats.unexpiredEvictions }]
  },
}

/** All metrics except the duration of store calls, which is a histogram. */
export const METRIC_DEFINITIONS: readonly MetricDefinition[] = [
  DECISIONS,
  FAILURES,
  CIRCUIT,
  BANS,
  BAN_REMOVALS,
  SETTLED_UNITS,
  IN_FLIGHT,
  WAITING,
  CLIENTS,
  EVICTIONS,
]

/** The histogram of the duration of store calls. */
export const STORE_CALL_DURATION = {
  metric: 'tollgate_store_call_duration_seconds',
  instrument: 'tollgate.store.call.duration',
  unit: 's',
  help: 'Time that the store took for a decision, including failures.',
} as const
