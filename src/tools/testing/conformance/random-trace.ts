import assert from 'node:assert/strict'
import type { Decision } from '../../../limits/decision.ts'
import type { Limit } from '../../../limits/limit.ts'
import { mayRefuse, mustRefuse, type Taken } from './algorithm-bounds.ts'
import type { ConformanceCase } from './conformance-case.ts'
import type { Subject } from './subject.ts'

const TURNS = 300

/** Of a window: such gaps keep a client of ten units in a window at its limit, and idle at times. */
const LONGEST_GAP = 0.4

/**
 * Charges a client at random, the same in every run, and holds each answer against what the algorithms of
 * the limits guarantee. Of every other refusal the promise is tried too.
 */
export function traceCase(title: string, limitsOf: (subject: Subject) => readonly Limit[]): ConformanceCase {
  return {
    title,
    async run(subject) {
      const limits = limitsOf(subject)
      const random = seededRandom(7)
      const taken: Taken[] = []
      for (let turn = 0; turn < TURNS; turn++) {
        turnClock(subject, limits, random)
        const cost = costOf(random)
        const { allowed, retryAfterMs } = await judged(subject, limits, cost, taken)
        if (allowed || random() < 0.5) continue
        subject.clock.advance(retryAfterMs - 1)
        const early = await judged(subject, limits, cost, taken)
        assert.equal(early.allowed, false, `a cost of ${cost} is refused before retryAfterMs`)
        subject.clock.advance(1)
        const inTime = await judged(subject, limits, cost, taken)
        assert.equal(inTime.allowed, true, `a cost of ${cost} is admitted at retryAfterMs`)
      }
    },
  }
}

/** The same with refunds: whatever is given back, the charges that were kept stay within the bound. */
export function refundTraceCase(
  title: string,
  limitsOf: (subject: Subject) => readonly Limit[],
): ConformanceCase {
  return {
    title,
    async run(subject) {
      const limits = limitsOf(subject)
      const random = seededRandom(11)
      let kept: readonly Taken[] = []
      for (let turn = 0; turn < TURNS; turn++) {
        turnClock(subject, limits, random)
        const units = costOf(random)
        const { allowed, receipt } = await subject.consume('client', limits, units)
        if (!allowed) continue
        checkAdmitted(kept, subject.clock.now(), units, limits)
        if (receipt === undefined || random() < 0.5) {
          kept = [...kept, { atMs: subject.clock.now(), units }]
          continue
        }
        turnClock(subject, limits, random)
        const later = await subject.consume('client', limits)
        if (later.allowed) kept = [...kept, { atMs: subject.clock.now(), units: 1 }]
        await subject.store.refund?.(receipt)
      }
    },
  }
}

/** A charge, and whether the answer agrees with the charges that were taken; notes it where it is taken. */
async function judged(
  subject: Subject,
  limits: readonly Limit[],
  cost: number,
  taken: Taken[],
): Promise<Decision> {
  const nowMs = subject.clock.now()
  const decision = await subject.consume('client', limits, cost)
  if (decision.allowed) {
    checkAdmitted(taken, nowMs, cost, limits)
    taken.push({ atMs: nowMs, units: cost })
  } else {
    const mayBe = limits.some((limit) => mayRefuse(taken, nowMs, cost, limit))
    assert.ok(mayBe, `a cost of ${cost} fits and is admitted, after ${taken.length} admitted charges`)
  }
  checkRemaining(decision, taken, nowMs, limits)
  const { repeatAfterMs } = decision
  if (repeatAfterMs !== undefined) {
    const { retryAfterMs } = await subject.consume('client', limits, cost)
    assert.equal(retryAfterMs, repeatAfterMs, `repeatAfterMs of a cost of ${cost}`)
  }
  return decision
}

function checkRemaining(
  decision: Decision,
  taken: readonly Taken[],
  nowMs: number,
  limits: readonly Limit[],
): void {
  for (const [index, limit] of limits.entries()) {
    const remaining = decision.limits[index]?.remaining ?? 0
    const isThere = remaining === 0 || !mustRefuse(taken, nowMs, remaining, limit)
    assert.ok(isThere, `the remaining ${remaining} of ${limit.name} (${limit.algorithm}) are not there`)
    const isAll = mayRefuse(taken, nowMs, remaining + 1, limit)
    assert.ok(isAll, `more than ${remaining} remain of ${limit.name} (${limit.algorithm})`)
  }
}

function checkAdmitted(taken: readonly Taken[], nowMs: number, cost: number, limits: readonly Limit[]): void {
  const broken = limits.find((limit) => mustRefuse(taken, nowMs, cost, limit))
  const shown = `${broken?.limit} units in ${broken?.windowMs} ms (${broken?.algorithm})`
  assert.equal(broken, undefined, `a cost of ${cost} does not fit in ${shown}: it is refused`)
}

function turnClock({ clock }: Subject, limits: readonly Limit[], random: () => number): void {
  const shortestMs = Math.min(...limits.map(({ windowMs }) => windowMs))
  clock.advance(Math.floor(random() ** 2 * LONGEST_GAP * shortestMs))
}

/** From 1 to 4 units, mostly one. */
function costOf(random: () => number): number {
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
