import { fileURLToPath } from 'node:url'
import type { Limit } from '../../src/limits/limit.ts'
import { fixedWindowLimit, slidingWindowLimit, tokenBucketLimit } from '../support/limits-by-algorithm.ts'
import { limitMachine, twoCounterMachine } from './bound-machines.ts'
import { maxUnitsWithin } from './bounds.ts'
import { findReachableStates, type ReachableStates } from './reachable-states.ts'

/**
 * Searches all patterns of requests for one that is allowed more units than the bound of its limit. A pattern
 * can have any number of units in any millisecond. Run it with `npx tsx test/limits/bound-search.ts`. It
 * exits with 1 if it finds such a pattern.
 *
 * Patterns can be endless, but they have finitely many states, because the times in a state are relative to
 * now. So the search visits every state that can be reached, with the code of the package itself. For each
 * state it computes the most units that can be allowed from there.
 */

/** What was searched, and the most units that were found. */
export interface SearchResult {
  readonly algorithm: string
  readonly units: number
  readonly windowMs: number
  readonly burst: number
  readonly states: number
  readonly transitions: number
  /**
   * The most units found in a stretch of one window. For a token bucket, the stretch includes both of its
   * ends.
   */
  readonly maxUnits: number
  readonly bound: number
  /**
   * Whether a pattern of whole ticks can reach the bound. It cannot if a bucket becomes full within a tick:
   * then the rest of the tick is lost.
   */
  readonly isBoundReachable: boolean
  /** Lengths up to two windows in which more units were found than the bound of that length. */
  readonly exceededAtMs: readonly number[]
}

/** Searches one limit, in closed intervals of every length up to two windows. */
export function searchLimit(limit: Limit): SearchResult {
  const { algorithm, limit: units, windowMs, burst } = limit
  return searchResult(
    { algorithm, units, windowMs, burst },
    findReachableStates(limitMachine(limit)),
    (durationMs) => maxUnitsWithin(limit, durationMs),
    algorithm === 'token-bucket' ? windowMs : windowMs - 1,
    algorithm !== 'token-bucket' || (burst - 1) * windowMs + commonDivisor(units, windowMs) >= units,
  )
}

function commonDivisor(one: number, other: number): number {
  return other === 0 ? one : commonDivisor(other, one % other)
}

/** Searches the estimate from two counters, against the bound of a sliding window. */
export function searchTwoCounters(units: number, windowMs: number): SearchResult {
  return searchResult(
    { algorithm: 'two-counters', units, windowMs, burst: units },
    findReachableStates(twoCounterMachine(units, windowMs)),
    (durationMs) => maxUnitsWithin(slidingWindowLimit(units, windowMs), durationMs),
    windowMs - 1,
    true,
  )
}

function searchResult(
  numbers: Pick<SearchResult, 'algorithm' | 'units' | 'windowMs' | 'burst'>,
  { states, transitions, maxUnitsIn }: ReachableStates,
  boundOf: (durationMs: number) => number,
  durationMs: number,
  isBoundReachable: boolean,
): SearchResult {
  const maxUnits = maxUnitsIn(2 * numbers.windowMs + 1)
  return {
    ...numbers,
    states,
    transitions,
    maxUnits: maxUnits[durationMs] ?? 0,
    bound: boundOf(durationMs),
    isBoundReachable,
    exceededAtMs: maxUnits.flatMap((found, lengthMs) => (found > boundOf(lengthMs) ? [lengthMs] : [])),
  }
}

const COLUMNS = ['algorithm', 'units', 'window', 'burst', 'states', 'transitions', 'most', 'bound']

/** A row of the table. Without a result, the row of column names. */
export function formatRow(result?: SearchResult): string {
  if (result === undefined) return formatCells(COLUMNS)
  const { algorithm, units, windowMs, burst, states, transitions, maxUnits, bound } = result
  const numbers = [units, windowMs, burst, states, transitions, maxUnits, bound]
  return `${formatCells([algorithm, ...numbers])}  ${statusOf(result)}`
}

function statusOf({ exceededAtMs, maxUnits, bound, isBoundReachable }: SearchResult): string {
  if (exceededAtMs.length > 0) return 'EXCEEDED'
  if (maxUnits === bound) return 'reached'
  return isBoundReachable ? 'NOT REACHED' : 'held'
}

function formatCells([first = '', ...rest]: readonly (string | number)[]): string {
  return String(first).padEnd(15) + rest.map((cell) => String(cell).padStart(12)).join('')
}

/** Whether the result is as expected: the bound is never exceeded, and it is reached if it can be reached. */
export function isTight({ exceededAtMs, maxUnits, bound, isBoundReachable }: SearchResult): boolean {
  return exceededAtMs.length === 0 && (maxUnits === bound || !isBoundReachable)
}

const integersUpTo = (last: number, first = 1): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index)

/**
 * Slices are 2 ms long for windows of 9 ms and more, and 3 ms long for windows of 17 ms and more. The more
 * units a limit has, the fewer windows can be searched in a reasonable time.
 */
function* limitsToSearch(): Generator<Limit> {
  for (const units of integersUpTo(12)) {
    for (const windowMs of [1, 2, 7, 16]) yield fixedWindowLimit(units, windowMs)
  }
  for (const units of integersUpTo(12)) {
    const longestMs = units <= 8 ? 16 : units === 9 ? 13 : 12
    const windows = [3, 8, ...integersUpTo(longestMs, 9), ...(units <= 5 ? [17, 20, 24] : [])]
    for (const windowMs of windows) yield slidingWindowLimit(units, windowMs)
  }
  for (const units of integersUpTo(12)) {
    for (const windowMs of [5, 7, 13]) {
      for (const burst of new Set([1, 3, units, 2 * units])) yield tokenBucketLimit(units, windowMs, burst)
    }
  }
}

/** Prints the results. Returns whether all of them are as expected. */
function searchAll(): boolean {
  const startMs = performance.now()
  const results: SearchResult[] = []
  console.log(
    'The most units that any pattern of requests is allowed in a window. Times in ms, one tick each.\n',
  )
  console.log(formatRow())
  for (const limit of limitsToSearch()) {
    const result = searchLimit(limit)
    results.push(result)
    console.log(formatRow(result))
  }
  console.log('\nFor comparison, the usual estimate from two counters, one for each window of the clock:\n')
  console.log(formatRow())
  const twoCounterResults = integersUpTo(12, 2).map((units) => searchTwoCounters(units, 10))
  for (const result of twoCounterResults) console.log(formatRow(result))
  const sum = (of: (result: SearchResult) => number): number =>
    results.reduce((total, one) => total + of(one), 0)
  const unexpected = results.filter((result) => !isTight(result))
  console.log(
    `\n${results.length} limits, ${sum(({ states }) => states)} states, ` +
      `${sum(({ transitions }) => transitions)} transitions: all that can be reached. ` +
      `${unexpected.length} limits do not match their bound, in intervals of every length up to two windows. ` +
      `${((performance.now() - startMs) / 1000).toFixed(0)} s.`,
  )
  return unexpected.length === 0 && twoCounterResults.every(({ exceededAtMs }) => exceededAtMs.length > 0)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = searchAll() ? 0 : 1
