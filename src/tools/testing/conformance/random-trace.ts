import assert from 'node:assert/strict'
import type { Decision } from '../../../limits/decision.ts'
import type { Limit } from '../../../limits/limit.ts'
import { type AllowedCharge, mayRefuse, mustRefuse } from './algorithm-bounds.ts'
import type { ConformanceCase } from './conformance-case.ts'
import type { TestedStore } from './tested-store.ts'

const CHARGES = 300

/**
 * The longest time between two charges, as a share of the shortest window. With it, a client with ten units
 * in a window is at its limit for most of the time, and idle at times.
 */
const LONGEST_GAP = 0.4

/**
 * Charges a client at random times, which are the same in every run. Compares each decision with the
 * guarantees of the algorithms. For half of the refusals, it also checks `retryAfterMs`.
 */
export function traceCase(
  title: string,
  limitsOf: (tested: TestedStore) => readonly Limit[],
): ConformanceCase {
  return {
    title,
    async run(tested) {
      const limits = limitsOf(tested)
      const random = seededRandom(7)
      const allowedCharges: AllowedCharge[] = []
      for (let charge = 0; charge < CHARGES; charge++) {
        advanceClock(tested, limits, random)
        const cost = tested.cost(randomCost(random))
        const { allowed, retryAfterMs } = await chargeAndCheck(tested, limits, cost, allowedCharges)
        if (allowed || random() < 0.5) continue
        tested.clock.advance(retryAfterMs - 1)
        const early = await chargeAndCheck(tested, limits, cost, allowedCharges)
        assert.equal(early.allowed, false, `A charge of ${cost} must be refused before its retryAfterMs.`)
        tested.clock.advance(1)
        const inTime = await chargeAndCheck(tested, limits, cost, allowedCharges)
        assert.equal(inTime.allowed, true, `A charge of ${cost} must be allowed after its retryAfterMs.`)
      }
    },
  }
}

/** The same with refunds: the charges that are not refunded must keep the guarantees of the algorithms. */
export function refundTraceCase(
  title: string,
  limitsOf: (tested: TestedStore) => readonly Limit[],
): ConformanceCase {
  return {
    title,
    async run(tested) {
      const limits = limitsOf(tested)
      const random = seededRandom(11)
      let kept: readonly AllowedCharge[] = []
      for (let charge = 0; charge < CHARGES; charge++) {
        advanceClock(tested, limits, random)
        const units = randomCost(random)
        const { allowed, receipt } = await tested.consume('client', limits, units)
        if (!allowed) continue
        assertMayAllow(kept, tested.clock.now(), units, limits)
        if (receipt === undefined || random() < 0.5) {
          kept = [...kept, { atMs: tested.clock.now(), units }]
          continue
        }
        advanceClock(tested, limits, random)
        const later = await tested.consume('client', limits)
        if (later.allowed) kept = [...kept, { atMs: tested.clock.now(), units: 1 }]
        await tested.store.settle?.(receipt, 0)
      }
    },
  }
}

/** Charges the client and checks the decision. Adds the charge to `allowedCharges` where it is allowed. */
async function chargeAndCheck(
  tested: TestedStore,
  limits: readonly Limit[],
  cost: number,
  allowedCharges: AllowedCharge[],
): Promise<Decision> {
  const nowMs = tested.clock.now()
  const decision = await tested.consume('client', limits, cost)
  if (decision.allowed) {
    assertMayAllow(allowedCharges, nowMs, cost, limits)
    allowedCharges.push({ atMs: nowMs, units: cost })
  } else {
    const isRight = limits.some((limit) => mayRefuse(allowedCharges, nowMs, cost, limit))
    assert.ok(isRight, `A charge of ${cost} must be allowed when all limits have so many units.`)
  }
  assertRightRemaining(decision, allowedCharges, nowMs, limits)
  const { repeatAfterMs } = decision
  if (repeatAfterMs !== undefined) {
    const { retryAfterMs } = await tested.consume('client', limits, cost)
    const rule = 'repeatAfterMs must be the retryAfterMs that the same charge has at once.'
    assert.equal(retryAfterMs, repeatAfterMs, rule)
  }
  return decision
}

function assertRightRemaining(
  decision: Decision,
  allowedCharges: readonly AllowedCharge[],
  nowMs: number,
  limits: readonly Limit[],
): void {
  for (const [index, limit] of limits.entries()) {
    const remaining = decision.limits[index]?.remaining ?? 0
    const shown = `of the limit '${limit.name}' (${limit.algorithm})`
    const isNotTooMuch = remaining === 0 || !mustRefuse(allowedCharges, nowMs, remaining, limit)
    assert.ok(isNotTooMuch, `remaining ${shown} must not be more than a client can use. It is ${remaining}.`)
    const isNotTooLittle = mayRefuse(allowedCharges, nowMs, remaining + 1, limit)
    assert.ok(isNotTooLittle, `remaining ${shown} must be all that a client can use. It is ${remaining}.`)
  }
}

function assertMayAllow(
  allowedCharges: readonly AllowedCharge[],
  nowMs: number,
  cost: number,
  limits: readonly Limit[],
): void {
  const broken = limits.find((limit) => mustRefuse(allowedCharges, nowMs, cost, limit))
  const shown = `${broken?.limit} units in ${broken?.windowMs} ms (${broken?.algorithm})`
  assert.equal(broken, undefined, `A charge of ${cost} must be refused when it exceeds ${shown}.`)
}

function advanceClock({ clock }: TestedStore, limits: readonly Limit[], random: () => number): void {
  const shortestMs = Math.min(...limits.map(({ windowMs }) => windowMs))
  clock.advance(Math.floor(random() ** 2 * LONGEST_GAP * shortestMs))
}

/** From 1 to 4 units, mostly one. */
function randomCost(random: () => number): number {
  return 1 + Math.floor(random() ** 3 * 4)
}

/** The "minimal standard" generator (Park and Miller, with the multiplier of 1993): from 0 to below 1. */
function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}
