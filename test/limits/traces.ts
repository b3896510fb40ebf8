import fc from 'fast-check'
import type { AlgorithmResult } from '../../src/limits/algorithm.ts'
import type { AlgorithmState } from '../../src/limits/algorithms.ts'
import type { Limit } from '../../src/limits/limit.ts'
import { CountedClient, type Taken } from '../support/counted-client.ts'
import { longestWaitMs } from './bounds.ts'

/** What can happen: the clock moves (back, where `gapMs` is negative), then a client is charged or refunded. */
export type Step =
  | { readonly kind: 'charge'; readonly gapMs: number; readonly client: number; readonly cost: number }
  | { readonly kind: 'refund'; readonly gapMs: number; readonly client: number; readonly which: number }

export interface Trace {
  readonly startMs: number
  readonly steps: readonly Step[]
}

export interface TraceOptions {
  readonly clients?: number
  readonly refunds?: boolean
  readonly setsBack?: boolean
  readonly maxLength?: number
}

/** Random traces that linger where a limit has its edges. */
export function traceOf(limit: Limit, options: TraceOptions = {}): fc.Arbitrary<Trace> {
  const { clients = 1, refunds = false, setsBack = false, maxLength = 40 } = options
  const gapMs = setsBack ? fc.oneof({ weight: 6, arbitrary: gapOf(limit) }, backOf(limit)) : gapOf(limit)
  const client = fc.nat(clients - 1)
  const charge = fc.record({ kind: fc.constant('charge' as const), gapMs, client, cost: costOf(limit) })
  const refund = fc.record({ kind: fc.constant('refund' as const), gapMs, client, which: fc.nat(20) })
  const step: fc.Arbitrary<Step> = refunds
    ? fc.oneof({ weight: 3, arbitrary: charge }, { weight: 1, arbitrary: refund })
    : charge
  return fc.record({ startMs: startOf(limit, setsBack), steps: fc.array(step, { maxLength, size: 'max' }) })
}

/** From 1 to all that a limit has at once; small ones most of the time. */
export function costOf({ burst }: Limit): fc.Arbitrary<number> {
  return fc.oneof(
    fc.constant(1),
    fc.integer({ min: 1, max: Math.min(3, burst) }),
    fc.integer({ min: 1, max: burst }),
  )
}

/** Nothing, a millisecond, one more or less than a slice, a unit or a window, and much longer. */
export function gapOf(limit: Limit): fc.Arbitrary<number> {
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

function backOf(limit: Limit): fc.Arbitrary<number> {
  return fc.oneof(fc.constantFrom(-1, -3_600_000), fc.integer({ min: -3 * longestWaitMs(limit), max: -1 }))
}

function startOf({ windowMs }: Limit, setsBack: boolean): fc.Arbitrary<number> {
  const today = fc.integer({ min: 0, max: 2 * windowMs }).map((ms) => 1_764_000_000_000 + ms)
  return setsBack ? today : fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2 * windowMs }), today)
}

/** What came of one step. */
export interface Event {
  readonly nowMs: number
  /** What a clock shows that nobody sets back. */
  readonly trueMs: number
  readonly client: number
  /** Of a charge. */
  readonly outcome?: AlgorithmResult<AlgorithmState>
  readonly cost: number
  /** What was admitted, or given back; undefined where nothing was. */
  readonly taken?: Taken | undefined
}

/** Plays a trace to as many clients as it names, or to those given. A receipt is given back once. */
export function play(limit: Limit, { startMs, steps }: Trace, clients: CountedClient[] = []): Event[] {
  const open: Taken[][] = []
  let nowMs = startMs
  let trueMs = startMs
  return steps.map((step): Event => {
    nowMs += step.gapMs
    trueMs += Math.max(0, step.gapMs)
    const client = entryAt(clients, step.client, () => new CountedClient(limit))
    const receipts = entryAt(open, step.client, () => [])
    if (step.kind === 'refund') {
      const [taken] = receipts.splice(step.which % (receipts.length || 1), 1)
      if (taken !== undefined) client.refund(nowMs, taken)
      return { nowMs, trueMs, client: step.client, cost: taken?.cost ?? 0, taken }
    }
    const outcome = client.charge(nowMs, step.cost)
    const taken = outcome.allowed ? client.receipts.at(-1) : undefined
    if (taken !== undefined) receipts.push(taken)
    return { nowMs, trueMs, client: step.client, outcome, cost: step.cost, taken }
  })
}

/** What a list has at an index, made where there is nothing yet. */
export function entryAt<Value>(list: Value[], index: number, make: () => Value): Value {
  const known = list[index]
  if (known !== undefined) return known
  const made = make()
  list[index] = made
  return made
}

/** One client after a trace, and the instant at which it ended. */
export function playedOut(limit: Limit, trace: Trace): { client: CountedClient; nowMs: number } {
  const client = new CountedClient(limit)
  play(limit, trace, [client])
  const nowMs = endOf(trace)
  // A clock that was set back counts from when it is noticed.
  client.peek(nowMs, 0)
  return { client, nowMs }
}

export function endOf({ startMs, steps }: Trace): number {
  return steps.reduce((ms, { gapMs }) => ms + gapMs, startMs)
}

/** What a client is told, without the state that is kept of it. */
export function told(outcome: AlgorithmResult<AlgorithmState> | undefined): object | undefined {
  if (outcome === undefined) return undefined
  const { state: _state, ...numbers } = outcome
  return numbers
}
