import type { Result } from './benchmark.ts'
import type { ContestantName } from './contestants/contestant.ts'
import { median, type Spread } from './statistics.ts'
import { figureText } from './table.ts'

/** What was found of a goal. */
export interface Finding {
  readonly what: string
  readonly goal: string
  /** The figure; undefined when not everything that it takes was measured. */
  readonly figure: string | undefined
  readonly holds: boolean | undefined
}

/** Where a figure stands. */
export interface Place {
  readonly benchmark: string
  readonly workload: string
  readonly figure: string
}

/** Something that must be so; `verdict` is undefined without the figures. */
export interface Goal {
  readonly what: string
  readonly goal: string
  readonly verdict: (results: readonly Result[]) => Pick<Finding, 'figure' | 'holds'> | undefined
}

export const OURS: ContestantName = 'express-tollgate'

/** What was found there; undefined when it was not measured. */
export function spreadAt(
  results: readonly Result[],
  place: Place,
  contestant: ContestantName,
): Spread | undefined {
  const result = results.find(
    (one) =>
      one.benchmark === place.benchmark && one.workload === place.workload && one.contestant === contestant,
  )
  return result?.figures[place.figure]
}

/** The median of the rounds' ratios: what slows a machine down for a round slows both of them down. */
export function ratioOf(one: Spread, other: Spread): number {
  return median(one.values.map((value, round) => value / (other.values[round] ?? Number.NaN)))
}

/** At most such a part of what another one takes. */
export function atMost(
  place: Place,
  unit: string,
  factor: number,
  other: ContestantName,
  what: string,
): Goal {
  return compared(place, place, unit, other, what, {
    goal: `<= ${factor} of ${other}`,
    holds: (ratio) => ratio <= factor,
  })
}

/** Ours beside another one's figure, and what their ratio should be. */
export function compared(
  ours: Place,
  theirs: Place,
  unit: string,
  other: ContestantName,
  what: string,
  wanted: { readonly goal: string; readonly holds: (ratio: number) => boolean },
): Goal {
  return {
    what,
    goal: wanted.goal,
    verdict(results) {
      const one = spreadAt(results, ours, OURS)
      const reference = spreadAt(results, theirs, other)
      if (one === undefined || reference === undefined) return undefined
      const ratio = ratioOf(one, reference)
      const [mine, its] = [one.median, reference.median].map(figureText)
      return { figure: `${mine} to ${its} ${unit}, ${ratio.toFixed(3)}`, holds: wanted.holds(ratio) }
    },
  }
}
