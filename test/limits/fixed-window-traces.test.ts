import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CountedClient } from './counted-client.ts'
import { someLimit } from './some-limit.ts'

/** What can happen to a client: time passes, a charge is made, an earlier one is given back. */
type Step =
  | { readonly kind: 'charge'; readonly gapMs: number; readonly cost: number }
  | { readonly kind: 'refund'; readonly gapMs: number; readonly which: number }

const gapMs = fc.oneof(
  fc.constant(0),
  fc.constant(1),
  fc.integer({ min: 0, max: 400 }),
  fc.integer({ min: 900, max: 3000 }),
)

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('charge' as const),
      gapMs,
      cost: fc.integer({ min: 1, max: 7 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('refund' as const), gapMs, which: fc.nat(20) }) },
)

/** A window as one would keep it on paper: when it opened, and every charge in it. */
interface PaperWindow {
  readonly startMs: number
  readonly charges: { cost: number }[]
}

const sum = (window: PaperWindow | undefined): number =>
  window?.charges.reduce((total, { cost }) => total + cost, 0) ?? 0

describe('a fixed window of 7 units in 1000 ms, on random traces,', () => {
  const limit = someLimit(7, 1000)

  it('decides as a list of all charges does', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const client = new CountedClient(limit)
        const windows: PaperWindow[] = []
        const receipts: { windowId: number; charge: { cost: number }; cost: number }[] = []
        let nowMs = 0
        for (const one of steps) {
          nowMs += one.gapMs
          if (one.kind === 'refund') {
            const [receipt] = receipts.splice(one.which, 1)
            if (receipt === undefined) continue
            client.refund(receipt.windowId, receipt.cost)
            receipt.charge.cost = 0
            continue
          }
          const last = windows.at(-1)
          const open = last !== undefined && nowMs < last.startMs + limit.windowMs ? last : undefined
          const fits = sum(open) + one.cost <= limit.limit
          const outcome = client.charge(nowMs, one.cost)
          const window = open ?? { startMs: nowMs, charges: [] }
          const endsInMs = window.startMs + limit.windowMs - nowMs
          if (fits) {
            const charge = { cost: one.cost }
            if (open === undefined) windows.push(window)
            window.charges.push(charge)
            receipts.push({ windowId: client.windowId, charge, cost: one.cost })
          }
          expect(outcome).toMatchObject({
            allowed: fits,
            remaining: limit.limit - sum(window),
            resetMs: endsInMs,
            retryAfterMs: fits ? 0 : endsInMs,
          })
        }
      }),
      { numRuns: 500 },
    )
  })

  it('keeps its promise: never before retryAfterMs, always at it', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 7 }), (steps, cost) => {
        const client = new CountedClient(limit)
        let nowMs = 0
        for (const one of steps) {
          nowMs += one.gapMs
          if (one.kind === 'charge') client.charge(nowMs, one.cost)
        }
        const { allowed, retryAfterMs } = client.peek(nowMs, cost)
        expect(allowed).toBe(retryAfterMs === 0)
        for (let wait = 0; wait < retryAfterMs; wait += 37) {
          expect(client.peek(nowMs + wait, cost).allowed).toBe(false)
        }
        if (retryAfterMs > 0) expect(client.peek(nowMs + retryAfterMs - 1, cost).allowed).toBe(false)
        expect(client.peek(nowMs + retryAfterMs, cost).allowed).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('locks nobody out for longer than a window, wherever the clock goes', () => {
    const jumpMs = fc.integer({ min: -5000, max: 5000 })
    const jumps = fc.array(fc.tuple(jumpMs, fc.integer({ min: 1, max: 7 })), { maxLength: 60 })
    fc.assert(
      fc.property(jumps, (trace) => {
        const client = new CountedClient(limit)
        let nowMs = 100_000
        for (const [jump, cost] of trace) {
          nowMs += jump
          const { remaining, resetMs, retryAfterMs } = client.charge(nowMs, cost)
          expect(remaining).toBeGreaterThanOrEqual(0)
          expect(remaining).toBeLessThanOrEqual(limit.limit)
          expect(resetMs).toBeGreaterThan(0)
          expect(resetMs).toBeLessThanOrEqual(limit.windowMs)
          expect(retryAfterMs).toBeLessThanOrEqual(limit.windowMs)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('grants nothing for a clock that is set back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5000 }), (backMs) => {
        const client = new CountedClient(limit)
        client.charge(100_000, limit.limit)
        expect(client.charge(100_000 - backMs, 1).allowed).toBe(false)
      }),
    )
  })
})
