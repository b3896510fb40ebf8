import { describe, expect, it } from 'vitest'
import type { Decision } from '../../../src/limits/decision.ts'
import { Decider } from '../../../src/stores/memory/decider.ts'
import { MemoryReceipt } from '../../../src/stores/memory/memory-receipt.ts'
import { ClientCursor } from '../../../src/stores/memory/table/client-cursor.ts'
import { FULL } from '../../../src/stores/memory/table/row-format.ts'
import type { Charge } from '../../../src/stores/store.ts'
import { ALGORITHMS, banRule, chargeOf, limitOf } from '../../support/charges.ts'
import { clientsOf, fingerprintAt } from './known-clients.ts'

const NOW_MS = 1_000_000
const RULE = banRule(2, 60_000, 600_000)

/** A decider at one client, which may be let in or not. */
class Decided {
  readonly #clients = clientsOf()
  readonly cursor = new ClientCursor(this.#clients)
  readonly decider: Decider
  /** How often room was asked for. */
  asked = 0

  constructor(hasRoom = true) {
    this.decider = new Decider(this.cursor, this.#clients.schemas, (newcomer) => {
      this.asked++
      expect(newcomer).toEqual(fingerprintAt(1))
      return hasRoom
    })
    this.find()
  }

  find(): boolean {
    return this.cursor.find(fingerprintAt(1))
  }

  consume(charge: Charge, nowMs = NOW_MS): Decision | undefined {
    this.find()
    return this.decider.consume(charge, nowMs)
  }

  get size(): number {
    return this.#clients.table.size
  }

  get fullness(): number {
    this.find()
    return this.cursor.fullness
  }
}

describe('Decider', () => {
  it('asks for room for a newcomer, and for nobody who is known', () => {
    const decided = new Decided()
    for (const _ of [1, 2, 3, 4]) decided.consume(chargeOf('client'))
    expect([decided.asked, decided.size]).toEqual([1, 1])
  })

  it('answers nothing, and keeps nothing, where there is no room', () => {
    for (const algorithm of ALGORITHMS) {
      const decided = new Decided(false)
      expect(decided.consume(chargeOf('client', [limitOf(3, { algorithm })]))).toBeUndefined()
      expect([decided.asked, decided.size]).toEqual([1, 0])
    }
  })

  it('peeks without asking for room', () => {
    const decided = new Decided(false)
    expect(decided.decider.peek(chargeOf('client'), NOW_MS)).toEqual({
      allowed: true,
      retryAfterMs: 0,
      limits: [{ name: 'test', limit: 3, remaining: 3, resetMs: 60_000 }],
    })
    expect(decided.asked).toBe(0)
  })

  it('refuses a newcomer that asks for too much, whom there is no room to count', () => {
    const decided = new Decided(false)
    const refused = {
      allowed: false,
      retryAfterMs: 60_000,
      limits: [{ name: 'test', limit: 3, remaining: 3, resetMs: 60_000 }],
    }
    expect(decided.consume(chargeOf('client', [limitOf(3)], 4))).toEqual(refused)
    expect(decided.asked).toBe(0)
    expect(decided.consume(chargeOf('client', [limitOf(3)], 4, banRule(1, 60_000, 5000)))).toEqual(refused)
    expect([decided.asked, decided.size]).toEqual([1, 0])
  })

  it('answers where an open window stands as it does where it opens', () => {
    const decided = new Decided()
    const ten = [limitOf(10)]
    const answers = [0, 1000, 2000].map((ms) => decided.consume(chargeOf('client', ten, 4), NOW_MS + ms))
    expect(answers).toEqual([
      {
        allowed: true,
        retryAfterMs: 0,
        limits: [{ name: 'test', limit: 10, remaining: 6, resetMs: 60_000 }],
        receipt: expect.any(MemoryReceipt),
      },
      {
        allowed: true,
        retryAfterMs: 0,
        limits: [{ name: 'test', limit: 10, remaining: 2, resetMs: 59_000 }],
        repeatAfterMs: 59_000,
        receipt: expect.any(MemoryReceipt),
      },
      {
        allowed: false,
        retryAfterMs: 58_000,
        limits: [{ name: 'test', limit: 10, remaining: 2, resetMs: 58_000 }],
      },
    ])
  })

  it.each([
    ['fixed-window', 60_000],
    ['sliding-window', 60_000],
    // Of the 6 units wanted again, 4 are there: two take 12 s to come back.
    ['token-bucket', 12_000],
  ] as const)('tells of a %s that could not be charged again when it could', (algorithm, repeatAfterMs) => {
    const limits = [limitOf(10, { algorithm })]
    const decision = new Decided().consume(chargeOf('client', limits, 6))
    expect(decision).toMatchObject({ allowed: true, retryAfterMs: 0, repeatAfterMs })
  })

  it.each(ALGORITHMS)('tells of no wait where a %s could be charged again at once', (algorithm) => {
    const limits = [limitOf(10, { algorithm })]
    expect(new Decided().consume(chargeOf('client', limits, 5))).not.toHaveProperty('repeatAfterMs')
  })

  it('tells when the last of several limits lets the charge be taken again', () => {
    const limits = [
      limitOf(10, { name: 'soon', windowMs: 1000 }),
      limitOf(10, { name: 'late', algorithm: 'token-bucket' }),
      limitOf(10, { name: 'between', windowMs: 10_000, algorithm: 'sliding-window' }),
      limitOf(100, { name: 'roomy', windowMs: 3_600_000 }),
    ]
    expect(new Decided().consume(chargeOf('client', limits, 8))).toMatchObject({ repeatAfterMs: 36_000 })
  })

  it('leaves the receipt out where nobody can give the charge back', () => {
    for (const algorithm of ALGORITHMS) {
      const decided = new Decided()
      const charge = { ...chargeOf('client', [limitOf(9, { algorithm })]), refundable: false }
      for (const _ of [1, 2, 3]) expect(decided.consume(charge)).not.toHaveProperty('receipt')
    }
  })

  it('notes how full its client is, and one that is refused as full', () => {
    for (const algorithm of ALGORITHMS) {
      const decided = new Decided()
      const charge = (cost: number): Charge => chargeOf('client', [limitOf(10, { algorithm })], cost)
      const fullness = [1, 1, 4, 5, 2, 3, 1].map((cost) => {
        decided.consume(charge(cost))
        return decided.fullness
      })
      // 1, 2 and 6 of 10 in 31 steps; refused; 8; refused; 9.
      expect(fullness).toEqual([3, 6, 18, FULL, 24, FULL, 27])
      decided.consume(charge(1))
      expect(decided.fullness).toBe(FULL)
    }
  })

  it('notes a client as full as the tightest of its limits', () => {
    const decided = new Decided()
    decided.consume(chargeOf('client', [limitOf(100, { name: 'roomy' }), limitOf(10, { name: 'tight' })], 5))
    expect(decided.fullness).toBe(15)
  })

  it('bans, knows the ban, and lets the client in when it is over', () => {
    const decided = new Decided()
    const charge = chargeOf('client', [limitOf(1)], 1, RULE)
    const bans = [0, 1, 2, 600_001, 600_002].map((ms) => {
      const decision = decided.consume(charge, NOW_MS + ms)
      return [decision?.allowed, decision?.ban?.endsInMs, decision?.ban?.isNew]
    })
    expect(bans).toEqual([
      [true, undefined, undefined],
      [false, undefined, undefined],
      [false, 600_000, true],
      [false, 1, false],
      [true, undefined, undefined],
    ])
  })

  it('tells the lives of a client apart: no receipt of one is good in another', () => {
    for (const algorithm of ALGORITHMS) {
      const decided = new Decided()
      const limits = [limitOf(10, { algorithm })]
      const receipts = Array.from({ length: 50 }, () => {
        if (decided.find()) decided.cursor.remove()
        return decided.consume(chargeOf('client', limits, 3))?.receipt
      })
      for (const [life, receipt] of receipts.entries()) {
        if (!(receipt instanceof MemoryReceipt)) throw new Error('no receipt')
        receipt.redeem(NOW_MS)
        decided.find()
        const remaining = decided.decider.peek(chargeOf('client', limits), NOW_MS).limits[0]?.remaining
        expect(remaining).toBe(life < receipts.length - 1 ? 7 : 10)
      }
    }
  })
})
