import fc from 'fast-check'
import type { AlgorithmResult } from '../../src/limits/algorithm.ts'
import type { AlgorithmState } from '../../src/limits/algorithms.ts'
import type { Limit } from '../../src/limits/limit.ts'
import { CountedClient, type TakenCharge } from '../support/counted-client.ts'
import { longestWaitMs } from './bounds.ts'

/**
 * One step: the clock moves by `gapMs` (back if it is negative). Then a client is charged, or gets a refund.
 */
export type Step =
  | { readonly kind: 'charge'; readonly gapMs: number; readonly client: number; readonly cost: number }
  | { readonly kind: 'refund'; readonly gapMs: number; readonly client: number; readonly chargeIndex: number }
  | {
      readonly kind: 'settle'
      readonly gapMs: number
      readonly client: number
      readonly chargeIndex: number
      readonly units: number
    }

export interface Trace {
  readonly startMs: number
  readonly steps: readonly Step[]
}

export interface TraceOptions {
  readonly clients?: number
  readonly withRefunds?: boolean
  readonly withSettlements?: boolean
  readonly withClockSetBack?: boolean
  readonly maxLength?: number
}

/** Random traces. Many of their times and costs are at the edges of the limit. */
export function traceOf(limit: Limit, options: TraceOptions = {}): fc.Arbitrary<Trace> {
  const { clients = 1, withRefunds = false, withSettlements = false } = options
  const { withClockSetBack = false, maxLength = 40 } = options
  const gapMs = withClockSetBack
    ? fc.oneof({ weight: 6, arbitrary: gapMsOf(limit) }, backwardMsOf(limit))
    : gapMsOf(limit)
  const client = fc.nat(clients - 1)
  const charge = fc.record({ kind: fc.constant('charge' as const), gapMs, client, cost: costOf(limit) })
  const refund = fc.record({ kind: fc.constant('refund' as const), gapMs, client, chargeIndex: fc.nat(20) })
  const settle = fc.record({
    kind: fc.constant('settle' as const),
    gapMs,
    client,
    chargeIndex: fc.nat(20),
    units: fc.oneof(costOf(limit), fc.integer({ min: 0, max: 3 * limit.burst })),
  })
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 3, arbitrary: charge },
    { weight: withRefunds ? 1 : 0, arbitrary: refund },
    { weight: withSettlements ? 3 : 0, arbitrary: settle },
  )
  return fc.record({
    startMs: startMsOf(limit, withClockSetBack),
    steps: fc.array(step, { maxLength, size: 'max' }),
  })
}

/** From 1 to the most that the limit allows at once. Most costs are small. */
export function costOf({ burst }: Limit): fc.Arbitrary<number> {
  return fc.oneof(
    fc.constant(1),
    fc.integer({ min: 1, max: Math.min(3, burst) }),
    fc.integer({ min: 1, max: burst }),
  )
}

/** 0 or 1 ms, about as long as a slice, as a unit takes to come back or as a window, and much longer. */
export function gapMsOf(limit: Limit): fc.Arbitrary<number> {
  const { limit: units, windowMs } = limit
  const edges = [windowMs / 8, windowMs / units, windowMs, longestWaitMs(limit)].flatMap((edge) => {
    const wholeMs = Math.ceil(edge)
    return [Math.floor(edge), wholeMs - 1, wholeMs, wholeMs + 1]
  })
  return fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom(0, 1) },
    { weight: 2, arbitrary: fc.constantFrom(...edges) },
    { weight: 3, arbitrary: fc.integer({ min: 0, max: Math.ceil(windowMs / 8) }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 3 * longestWaitMs(limit) }) },
  )
}

function backwardMsOf(limit: Limit): fc.Arbitrary<number> {
  return fc.oneof(fc.constantFrom(-1, -3_600_000), fc.integer({ min: -3 * longestWaitMs(limit), max: -1 }))
}

function startMsOf({ windowMs }: Limit, withClockSetBack: boolean): fc.Arbitrary<number> {
  const today = fc.integer({ min: 0, max: 2 * windowMs }).map((ms) => 1_764_000_000_000 + ms)
  return withClockSetBack ? today : fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2 * windowMs }), today)
}

/** The result of one step. */
export interface StepResult {
  readonly nowMs: number
  /** The time on a clock that is never set back. */
  readonly trueMs: number
  readonly client: number
  /** Present if the step is a charge. */
  readonly result?: AlgorithmResult<AlgorithmState>
  readonly cost: number
  /** The charge that was allowed, refunded or settled. Undefined if there was none. */
  readonly taken?: TakenCharge | undefined
  /** To what the charge was settled, and what was recorded then. Undefined for a charge and for a refund. */
  readonly settled?: { readonly units: number; readonly recorded: number }
}

/** Plays a trace to the given clients, or to new ones. Each charge is refunded at most once. */
export function playTrace(
  limit: Limit,
  { startMs, steps }: Trace,
  clients: CountedClient[] = [],
): StepResult[] {
  const refundable: TakenCharge[][] = []
  let nowMs = startMs
  let trueMs = startMs
  return steps.map((step): StepResult => {
    nowMs += step.gapMs
    trueMs += Math.max(0, step.gapMs)
    const client = elementAt(clients, step.client, () => new CountedClient(limit))
    const charges = elementAt(refundable, step.client, () => [])
    if (step.kind === 'settle') {
      const index = step.chargeIndex % (charges.length || 1)
      const taken = charges[index]
      const { units } = step
      // A settlement to 0 is final.
      if (units === 0) charges.splice(index, 1)
      const recorded = taken === undefined ? 0 : client.settle(nowMs, taken, units)
      return { nowMs, trueMs, client: step.client, cost: 0, taken, settled: { units, recorded } }
    }
    if (step.kind === 'refund') {
      const [taken] = charges.splice(step.chargeIndex % (charges.length || 1), 1)
      if (taken !== undefined) client.refund(nowMs, taken)
      return { nowMs, trueMs, client: step.client, cost: taken?.cost ?? 0, taken }
    }
    const result = client.charge(nowMs, step.cost)
    const taken = result.allowed ? client.takenCharges.at(-1) : undefined
    if (taken !== undefined) charges.push(taken)
    return { nowMs, trueMs, client: step.client, result, cost: step.cost, taken }
  })
}

/** The element of a list at an index. If there is none, `create` creates it. */
export function elementAt<Value>(list: Value[], index: number, create: () => Value): Value {
  const known = list[index]
  if (known !== undefined) return known
  const created = create()
  list[index] = created
  return created
}

/** A client after a trace, and the time at which the trace ended. */
export function clientAfterTrace(limit: Limit, trace: Trace): { client: CountedClient; nowMs: number } {
  const client = new CountedClient(limit)
  playTrace(limit, trace, [client])
  const nowMs = endMsOf(trace)
  // If the last step set the clock back, the client notices it here.
  client.peek(nowMs, 0)
  return { client, nowMs }
}

export function endMsOf({ startMs, steps }: Trace): number {
  return steps.reduce((ms, { gapMs }) => ms + gapMs, startMs)
}

/** A result without the state. */
export function withoutState(result: AlgorithmResult<AlgorithmState> | undefined): object | undefined {
  if (result === undefined) return undefined
  const { state: _state, ...numbers } = result
  return numbers
}
