import { describe, expect, it } from 'vitest'
import type { Limit } from '../../../src/limits/limit.ts'
import {
  allowedDecision,
  bannedDecision,
  limitStateOf,
  refusedDecision,
} from '../../../src/stores/memory/memory-decision.ts'
import { type AlgorithmResults, resultsOf } from '../../../src/stores/memory/table/client-entry.ts'
import { chargeOf, limitOf } from '../../support/charges.ts'

const NOW_MS = 1_000_000

/** What the limits of a new client say to a cost. */
const askedOf = (limits: readonly Limit[], cost: number): AlgorithmResults =>
  resultsOf(undefined, chargeOf('client', limits), NOW_MS, cost)

describe('where a limit stands', () => {
  it('is told in numbers of its own, of a bucket what it holds', () => {
    const limit = limitOf(10, { name: 'bucket', algorithm: 'token-bucket', burst: 20 })
    const [outcome] = askedOf([limit], 2)
    if (outcome === undefined) throw new Error('no outcome')
    expect(limitStateOf(limit, outcome)).toEqual({
      name: 'bucket',
      limit: 20,
      remaining: 18,
      resetMs: 108_000,
    })
    expect(limitStateOf(limit, outcome)).not.toBe(limitStateOf(limit, outcome))
  })
})

describe('a charge that would be admitted', () => {
  it('tells where its limits stand, in their order, and of nothing to wait for', () => {
    const limits = [
      limitOf(5, { name: 'window' }),
      limitOf(10, { name: 'bucket', algorithm: 'token-bucket', burst: 20 }),
    ]
    expect(allowedDecision(chargeOf('client', limits, 2), askedOf(limits, 0))).toEqual({
      allowed: true,
      retryAfterMs: 0,
      limits: [
        { name: 'window', limit: 5, remaining: 5, resetMs: 60_000 },
        { name: 'bucket', limit: 20, remaining: 20, resetMs: 120_000 },
      ],
    })
  })
})

describe('a refused charge', () => {
  it('waits for the last of its limits, and shows what is left without it', () => {
    const limits = [
      limitOf(3, { name: 'short', windowMs: 1000 }),
      limitOf(10, { name: 'roomy' }),
      limitOf(3, { name: 'long' }),
    ]
    const charge = chargeOf('client', limits, 5)
    expect(refusedDecision(charge, askedOf(limits, 5), undefined, NOW_MS)).toEqual({
      allowed: false,
      retryAfterMs: 60_000,
      limits: [
        { name: 'short', limit: 3, remaining: 3, resetMs: 1000 },
        { name: 'roomy', limit: 10, remaining: 10, resetMs: 60_000 },
        { name: 'long', limit: 3, remaining: 3, resetMs: 60_000 },
      ],
    })
  })

  it('tells of a bucket with too little in it when it has one unit more', () => {
    const limits = [limitOf(10, { algorithm: 'token-bucket' }), limitOf(10, { name: 'other' })]
    const five = { ...chargeOf('client', limits), cost: 5 }
    const entry = { limits, states: askedOf(limits, 7).map(({ state }) => state) }
    const known = { ...entry, ban: undefined, expiresAtMs: 0, fullness: 0 }
    const nowMs = NOW_MS + 2500
    const decision = refusedDecision(five, resultsOf(known, five, nowMs, 5), known, nowMs)
    expect(decision).toEqual({
      allowed: false,
      retryAfterMs: 57_500,
      limits: [
        { name: 'test', limit: 10, remaining: 3, resetMs: 3500 },
        { name: 'other', limit: 10, remaining: 3, resetMs: 57_500 },
      ],
    })
  })
})

describe('the charge of a banned client', () => {
  const limits = [
    limitOf(3, { name: 'window' }),
    limitOf(10, { name: 'bucket', algorithm: 'token-bucket', burst: 20 }),
  ]

  it('finds nothing left until the ban ends, whatever its limits have', () => {
    const ban = { endsInMs: 90_000, isNew: false }
    expect(bannedDecision(chargeOf('client', limits), askedOf(limits, 1), ban)).toEqual({
      allowed: false,
      retryAfterMs: 90_000,
      limits: [
        { name: 'window', limit: 3, remaining: 0, resetMs: 90_000 },
        { name: 'bucket', limit: 20, remaining: 0, resetMs: 90_000 },
      ],
      ban,
    })
  })

  it('waits for its limits where they ask for longer than the ban, and says when that ends', () => {
    const ban = { endsInMs: 5000, isNew: true }
    expect(bannedDecision(chargeOf('client', limits, 4), askedOf(limits, 4), ban)).toEqual({
      allowed: false,
      retryAfterMs: 60_000,
      limits: [
        { name: 'window', limit: 3, remaining: 0, resetMs: 60_000 },
        { name: 'bucket', limit: 20, remaining: 0, resetMs: 60_000 },
      ],
      ban,
    })
  })
})
