import { fileURLToPath } from 'node:url'
import type { Limit } from '../../src/limits/limit.ts'
import { someBucket, someLimit, someSlidingLimit } from '../support/some-limit.ts'
import { limitMachine, twoCounterMachine } from './bound-machines.ts'
import { mostUnitsWithin } from './bounds.ts'
import { type Reachable, reach } from './reachable-states.ts'

/**
 * Searches all patterns of requests, any number of units in any millisecond, for one that is admitted more
 * than the bound of its limit: `npx tsx test/limits/bound-search.ts`. Ends with 1 when it finds one.
 *
 * Patterns without end have finitely many states, for what is remembered of a client is told from now on. So
 * the search walks every state that can be reached, by the code of the package itself, and asks of each how
 * many units can be had from there at the most.
 */

/** What was searched, and the most that was found. */
export interface Finding {
  readonly algorithm: string
  readonly units: number
  readonly windowMs: number
  readonly burst: number
  readonly states: number
  readonly transitions: number
  /** In a window: of the length of one for windows, and with both of its ends for a bucket. */
  readonly most: number
  readonly bound: number
  /** Whether whole ticks suffice to reach the bound: a bucket that is full within a tick loses the rest of it. */
  readonly isReachable: boolean
  /** Durations up to two windows in which more was found than the bound of that duration. */
  readonly exceededAtMs: readonly number[]
}

/** Searches one limit, in closed intervals of every length up to two windows. */
export function searchLimit(limit: Limit): Finding {
  const { algorithm, limit: units, windowMs, burst } = limit
  return finding(
    { algorithm, units, windowMs, burst },
    reach(limitMachine(limit)),
    (durationMs) => mostUnitsWithin(limit, durationMs),
    algorithm === 'token-bucket' ? windowMs : windowMs - 1,
    algorithm !== 'token-bucket' || (burst - 1) * windowMs + commonDivisor(units, windowMs) >= units,
  )
}

function commonDivisor(one: number, other: number): number {
  return other === 0 ? one : commonDivisor(other, one % other)
}

/** Searches the estimate from two counters, which promises what a sliding window does. */
export function searchTwoCounters(units: number, windowMs: number): Finding {
  return finding(
    { algorithm: 'two-counters', units, windowMs, burst: units },
    reach(twoCounterMachine(units, windowMs)),
    (durationMs) => mostUnitsWithin(someSlidingLimit(units, windowMs), durationMs),
    windowMs - 1,
    true,
  )
}

function finding(
  numbers: Pick<Finding, 'algorithm' | 'units' | 'windowMs' | 'burst'>,
  { states, transitions, mostIn }: Reachable,
  boundOf: (durationMs: number) => number,
  durationMs: number,
  isReachable: boolean,
): Finding {
  const most = mostIn(2 * numbers.windowMs + 1)
  return {
    ...numbers,
    states,
    transitions,
    most: most[durationMs] ?? 0,
    bound: boundOf(durationMs),
    isReachable,
    exceededAtMs: most.flatMap((found, lengthMs) => (found > boundOf(lengthMs) ? [lengthMs] : [])),
  }
}

const COLUMNS = ['algorithm', 'units', 'window', 'burst', 'states', 'transitions', 'most', 'bound']

/** A row of the table, or its head. */
export function rowOf(found?: Finding): string {
  if (found === undefined) return cells(COLUMNS)
  const { algorithm, units, windowMs, burst, states, transitions, most, bound } = found
  return `${cells([algorithm, units, windowMs, burst, states, transitions, most, bound])}  ${verdictOn(found)}`
}

function verdictOn({ exceededAtMs, most, bound, isReachable }: Finding): string {
  if (exceededAtMs.length > 0) return 'EXCEEDED'
  if (most === bound) return 'reached'
  return isReachable ? 'NOT REACHED' : 'held'
}

function cells([first = '', ...rest]: readonly (string | number)[]): string {
  return String(first).padEnd(15) + rest.map((cell) => String(cell).padStart(12)).join('')
}

/** Whether all is as it should be: the bound is held, and reached where it can be. */
export function isTight({ exceededAtMs, most, bound, isReachable }: Finding): boolean {
  return exceededAtMs.length === 0 && (most === bound || !isReachable)
}

const upTo = (last: number, first = 1): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index)

/** Slices of 2 ms from 9 ms on and of 3 ms from 17 on; the more units, the fewer windows are feasible. */
function* everyLimit(): Generator<Limit> {
  for (const units of upTo(12)) {
    for (const windowMs of [1, 2, 7, 16]) yield someLimit(units, windowMs)
  }
  for (const units of upTo(12)) {
    const longestMs = units <= 8 ? 16 : units === 9 ? 13 : 12
    const windows = [3, 8, ...upTo(longestMs, 9), ...(units <= 5 ? [17, 20, 24] : [])]
    for (const windowMs of windows) yield someSlidingLimit(units, windowMs)
  }
  for (const units of upTo(12)) {
    for (const windowMs of [5, 7, 13]) {
      for (const burst of new Set([1, 3, units, 2 * units])) yield someBucket(units, windowMs, burst)
    }
  }
}

/** Prints what is found; tells whether all of it is as it should be. */
function searchAll(): boolean {
  const startMs = performance.now()
  const findings: Finding[] = []
  console.log('Units that any pattern of requests is admitted in a window. Times in ms, one tick each.\n')
  console.log(rowOf())
  for (const limit of everyLimit()) {
    const found = searchLimit(limit)
    findings.push(found)
    console.log(rowOf(found))
  }
  console.log('\nFor contrast, the usual estimate from two counters, one for each window of the clock:\n')
  console.log(rowOf())
  const contrast = upTo(12, 2).map((units) => searchTwoCounters(units, 10))
  for (const found of contrast) console.log(rowOf(found))
  const sum = (of: (found: Finding) => number): number => findings.reduce((total, one) => total + of(one), 0)
  const wrong = findings.filter((found) => !isTight(found))
  console.log(
    `\n${findings.length} limits, ${sum(({ states }) => states)} states, ` +
      `${sum(({ transitions }) => transitions)} transitions: all that can be reached. ` +
      `${wrong.length} of them off their bound, in intervals of every length up to two windows. ` +
      `${((performance.now() - startMs) / 1000).toFixed(0)} s.`,
  )
  return wrong.length === 0 && contrast.every(({ exceededAtMs }) => exceededAtMs.length > 0)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = searchAll() ? 0 : 1
