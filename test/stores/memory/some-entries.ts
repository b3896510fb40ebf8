import fc from 'fast-check'
import type { AlgorithmState } from '../../../src/limits/algorithms.ts'
import type { BanState } from '../../../src/limits/ban.ts'
import { LARGEST_LIMIT, type Limit } from '../../../src/limits/limit.ts'
import type { SlidingWindowState } from '../../../src/limits/slices.ts'
import type { ClientEntry } from '../../../src/stores/memory/client-entry.ts'
import { keptCost } from '../../../src/stores/memory/table/row-format.ts'
import { ALGORITHMS, limitOf } from '../../support/charges.ts'

/** When the stores of these entries were created. */
export const CREATED_AT_MS = 1_764_000_000_000

export const LARGEST_WORD: number = 2 ** 32 - 1
export const CENTURY_MS: number = 36_525 * 86_400_000

/** The hour around the creation of the store, in which nearly all instants of a test lie. */
const USUAL_MS = fc.integer({ min: CREATED_AT_MS - 1_800_000, max: CREATED_AT_MS + 1_800_000 })

/** Instants near the edges of what a row can hold, a century away, and anywhere. */
const UNUSUAL_MS = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(0, 2 ** 31, 2 ** 32, 2 ** 39, 2 ** 40, CENTURY_MS),
      fc.constantFrom(1, -1),
      fc.integer({ min: -2, max: 2 }),
    )
    .map(([distanceMs, direction, more]) => CREATED_AT_MS + direction * distanceMs + more),
  fc.integer({ min: -1000, max: 1000 }),
  fc.maxSafeInteger(),
)

const SOME_ID = fc.oneof(fc.constantFrom(0, 1, 2 ** 31, LARGEST_WORD), fc.nat(LARGEST_WORD))
const FEW_UNITS = fc.nat(1000)
const MANY_UNITS = fc.oneof(
  fc.constantFrom(2 ** 31, LARGEST_WORD, LARGEST_WORD + 1, LARGEST_LIMIT),
  fc.integer({ min: 0, max: LARGEST_LIMIT }),
)

interface Numbers {
  readonly instant: fc.Arbitrary<number>
  readonly units: fc.Arbitrary<number>
}

/** Numbers that nearly all clients have, and numbers that few clients have. */
const USUAL: Numbers = { instant: USUAL_MS, units: FEW_UNITS }
const UNUSUAL: Numbers = { instant: fc.oneof(USUAL_MS, UNUSUAL_MS), units: fc.oneof(FEW_UNITS, MANY_UNITS) }

function slicesOf({ instant, units }: Numbers): fc.Arbitrary<SlidingWindowState> {
  const slice = fc.tuple(SOME_ID, instant, units).map(([id, lastMs, taken]) => ({ id, lastMs, units: taken }))
  return fc.tuple(fc.array(slice, { maxLength: 9 }), SOME_ID).map(([slices, lastId]) => ({ slices, lastId }))
}

function stateOf({ algorithm }: Limit, numbers: Numbers): fc.Arbitrary<AlgorithmState> {
  const { instant, units } = numbers
  switch (algorithm) {
    case 'fixed-window':
      return fc
        .tuple(instant, units, SOME_ID)
        .map(([startMs, used, windowId]) => ({ startMs, used, windowId }))
    case 'sliding-window':
      return slicesOf(numbers)
    case 'calendar-window':
      return fc.tuple(SOME_ID, units, SOME_ID).map(([endSec, used, windowId]) => ({ endSec, used, windowId }))
    case 'token-bucket':
      return fc
        .tuple(instant, units, SOME_ID)
        .map(([fullAtMs, fullAtParts, fillId]) => ({ fullAtMs, fullAtParts, fillId }))
  }
}

function banOf(numbers: Numbers): fc.Arbitrary<BanState | undefined> {
  return fc.oneof(
    fc.constant(undefined),
    fc.tuple(numbers.instant, numbers.instant).map(([sinceMs, untilMs]) => ({ sinceMs, untilMs })),
    slicesOf(numbers).map((refusals) => ({ refusals })),
  )
}

/** Limits with a few names, and with one algorithm or several. */
const SOME_LIMITS: fc.Arbitrary<readonly Limit[]> = fc
  .array(
    fc.tuple(
      fc.constantFrom(...ALGORITHMS),
      fc.constantFrom(1, 10, LARGEST_WORD + 1, LARGEST_LIMIT),
      fc.constantFrom(1, 60_000, CENTURY_MS),
    ),
    { maxLength: 4 },
  )
  .map((drafts) =>
    drafts.map(([algorithm, units, windowMs], index) =>
      limitOf(units, { name: `limit ${index}`, algorithm, windowMs }),
    ),
  )

function entryOf(limits: readonly Limit[], numbers: Numbers): fc.Arbitrary<ClientEntry> {
  return fc
    .tuple(
      fc.tuple(...limits.map((limit) => stateOf(limit, numbers))),
      banOf(numbers),
      numbers.instant,
      fc.oneof(fc.constant(0), FEW_UNITS, MANY_UNITS),
    )
    .map(([states, ban, expiresAtMs, cost]) => {
      return { limits, states, ban, expiresAtMs, refusedCost: keptCost(cost) }
    })
}

/** Any entry, usual or not. */
export const SOME_ENTRY: fc.Arbitrary<ClientEntry> = SOME_LIMITS.chain((limits) =>
  fc.oneof(entryOf(limits, USUAL), entryOf(limits, UNUSUAL)),
)
