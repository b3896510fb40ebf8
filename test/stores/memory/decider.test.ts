import { describe, expect, it } from 'vitest'
import { banned } from '../../../src/limits/ban.ts'
import type { Decision } from '../../../src/limits/decision.ts'
import { ClientCursor } from '../../../src/stores/memory/client-cursor.ts'
import { emptyEntry } from '../../../src/stores/memory/client-entry.ts'
import { Decider } from '../../../src/stores/memory/decider.ts'
import { MemoryReceipt } from '../../../src/stores/memory/memory-receipt.ts'
import type { Charge } from '../../../src/stores/store.ts'
import { ALGORITHMS, banRule, chargeOf, limitOf } from '../../support/charges.ts'
import { clientsOf, fingerprintAt } from './known-clients.ts'

const NOW_MS = 1_000_000
const RULE = banRule(2, 60_000, 600_000)

/** A decider of one client, with room for it or without. */
class OneClient {
  readonly #clients = clientsOf()
  readonly cursor = new ClientCursor(this.#clients)
  readonly decider: Decider
  /** How often the decider asked for room. */
  roomRequests = 0

  constructor(hasRoom = true) {
    this.decider = new Decider(this.cursor, this.#clients.schemas, (newClient) => {
      this.roomRequests++
      expect(newClient).toEqual(fingerprintAt(1))
      return hasRoom
    })
    this.find()
  }

  find(): boolean {
    return this.cursor.find(fingerprintAt(1))
  }

  peek(charge: Charge, nowMs = NOW_MS): Decision {
    this.find()
    return this.decider.peek(charge, nowMs)
  }

  consume(charge: Charge, nowMs = NOW_MS): Decision | undefined {
    this.find()
    return this.decider.consume(charge, nowMs)
  }

  get size(): number {
    return this.#clients.table.size
  }

  get refusedCost(): number {
    this.find()
    return this.cursor.refusedCost
  }
}

describe('Decider', () => {
  it('asks for room for a new client, and not for a known one', () => {
    const client = new OneClient()
    for (const _ of [1, 2, 3, 4]) client.consume(chargeOf('client'))
    expect([client.roomRequests, client.size]).toEqual([1, 1])
  })

  it('returns undefined, and keeps nothing, where there is no room', () => {
    for (const algorithm of ALGORITHMS) {
      const client = new OneClient(false)
      expect(client.consume(chargeOf('client', [limitOf(3, { algorithm })]))).toBeUndefined()
      expect([client.roomRequests, client.size]).toEqual([1, 0])
    }
  })

  it('peeks without asking for room', () => {
    const client = new OneClient(false)
    expect(client.decider.peek(chargeOf('client'), NOW_MS)).toEqual({
      allowed: true,
      retryAfterMs: 0,
      limits: [{ name: 'test', limit: 3, remaining: 3, resetMs: 60_000 }],
    })
    expect(client.roomRequests).toBe(0)
  })

  it('refuses a new client a charge above its limit, also where there is no room to count the refusal', () => {
    const client = new OneClient(false)
    const refused = {
      allowed: false,
      retryAfterMs: 60_000,
      limits: [{ name: 'test', limit: 3, remaining: 3, resetMs: 60_000 }],
    }
    expect(client.consume(chargeOf('client', [limitOf(3)], 4))).toEqual(refused)
    expect(client.roomRequests).toBe(0)
    expect(client.consume(chargeOf('client', [limitOf(3)], 4, banRule(1, 60_000, 5000)))).toEqual(refused)
    expect([client.roomRequests, client.size]).toEqual([1, 0])
  })

  it('answers in an open window as it does when the window opens', () => {
    const client = new OneClient()
    const ten = [limitOf(10)]
    const answers = [0, 1000, 2000].map((ms) => client.consume(chargeOf('client', ten, 4), NOW_MS + ms))
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
    // Of the 6 units, 4 remain. The bucket regains the other two in 12 s.
    ['token-bucket', 12_000],
  ] as const)('says when a %s allows the same charge again', (algorithm, repeatAfterMs) => {
    const limits = [limitOf(10, { algorithm })]
    const decision = new OneClient().consume(chargeOf('client', limits, 6))
    expect(decision).toMatchObject({ allowed: true, retryAfterMs: 0, repeatAfterMs })
  })

  it.each(ALGORITHMS)('does not say so where a %s allows the same charge again at once', (algorithm) => {
    const limits = [limitOf(10, { algorithm })]
    expect(new OneClient().consume(chargeOf('client', limits, 5))).not.toHaveProperty('repeatAfterMs')
  })

  it('says when the last of several limits allows the same charge again', () => {
    const limits = [
      limitOf(10, { name: 'soon', windowMs: 1000 }),
      limitOf(10, { name: 'late', algorithm: 'token-bucket' }),
      limitOf(10, { name: 'between', windowMs: 10_000, algorithm: 'sliding-window' }),
      limitOf(100, { name: 'roomy', windowMs: 3_600_000 }),
    ]
    expect(new OneClient().consume(chargeOf('client', limits, 8))).toMatchObject({ repeatAfterMs: 36_000 })
  })

  it('leaves the receipt out where the charge is not refundable', () => {
    for (const algorithm of ALGORITHMS) {
      const client = new OneClient()
      const charge = { ...chargeOf('client', [limitOf(9, { algorithm })]), refundable: false }
      for (const _ of [1, 2, 3]) expect(client.consume(charge)).not.toHaveProperty('receipt')
    }
  })

  it('notes the cost of a refused charge, until a charge is allowed', () => {
    for (const algorithm of ALGORITHMS) {
      const client = new OneClient()
      const charge = (cost: number): Charge => chargeOf('client', [limitOf(10, { algorithm })], cost)
      const costs = [1, 1, 4, 5, 2, 3, 1].map((cost) => {
        client.consume(charge(cost))
        return client.refusedCost
      })
      // 6 of 10 are used, and 5 refused; 8 are used, and 3 refused.
      expect(costs).toEqual([0, 0, 0, 5, 0, 3, 0])
      client.consume(charge(1))
      client.consume(charge(1))
      expect(client.refusedCost).toBe(1)
    }
  })

  it('bans a client, refuses it during the ban, and allows it afterwards', () => {
    const client = new OneClient()
    const charge = chargeOf('client', [limitOf(1)], 1, RULE)
    const bans = [0, 1, 2, 600_001, 600_002].map((ms) => {
      const decision = client.consume(charge, NOW_MS + ms)
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

  it('gives a client that comes back other ids, so that its earlier receipts give nothing back', () => {
    for (const algorithm of ALGORITHMS) {
      const client = new OneClient()
      const limits = [limitOf(10, { algorithm })]
      const receipts = Array.from({ length: 50 }, () => {
        if (client.find()) client.cursor.remove()
        return client.consume(chargeOf('client', limits, 3))?.receipt
      })
      for (const [index, receipt] of receipts.entries()) {
        if (!(receipt instanceof MemoryReceipt)) throw new Error('no receipt')
        receipt.settle(NOW_MS, 0)
        client.find()
        const remaining = client.decider.peek(chargeOf('client', limits), NOW_MS).limits[0]?.remaining
        expect(remaining).toBe(index < receipts.length - 1 ? 7 : 10)
      }
    }
  })
})

describe('what a decision shows of a limit', () => {
  it('is numbers of its own, and for a bucket what it can hold', () => {
    const client = new OneClient()
    const charge = chargeOf('client', [limitOf(10, { name: 'bucket', algorithm: 'token-bucket', burst: 20 })])
    client.consume({ ...charge, cost: 2 })
    const [first, second] = [client.peek(charge), client.peek(charge)].map(({ limits }) => limits[0])
    expect(first).toEqual({ name: 'bucket', limit: 20, remaining: 18, resetMs: 108_000 })
    expect(second).toEqual(first)
    expect(second).not.toBe(first)
  })
})

describe('a peek at a charge that would be allowed', () => {
  it('shows all limits without the charge, in their order, and no wait', () => {
    const limits = [
      limitOf(5, { name: 'window' }),
      limitOf(10, { name: 'bucket', algorithm: 'token-bucket', burst: 20 }),
    ]
    expect(new OneClient().peek(chargeOf('client', limits, 2))).toEqual({
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
    const refused = {
      allowed: false,
      retryAfterMs: 60_000,
      limits: [
        { name: 'short', limit: 3, remaining: 3, resetMs: 1000 },
        { name: 'roomy', limit: 10, remaining: 10, resetMs: 60_000 },
        { name: 'long', limit: 3, remaining: 3, resetMs: 60_000 },
      ],
    }
    const client = new OneClient()
    expect([client.peek(charge), client.consume(charge)]).toEqual([refused, refused])
  })

  it('shows of a bucket that holds too little when it has one more unit', () => {
    const client = new OneClient()
    const limits = [limitOf(10, { algorithm: 'token-bucket' }), limitOf(10, { name: 'other' })]
    client.consume(chargeOf('client', limits, 7))
    const charge = chargeOf('client', limits, 5)
    const refused = {
      allowed: false,
      retryAfterMs: 57_500,
      limits: [
        { name: 'test', limit: 10, remaining: 3, resetMs: 3500 },
        { name: 'other', limit: 10, remaining: 3, resetMs: 57_500 },
      ],
    }
    const nowMs = NOW_MS + 2500
    expect([client.peek(charge, nowMs), client.consume(charge, nowMs)]).toEqual([refused, refused])
  })
})

describe('the charge of a banned client', () => {
  const limits = [
    limitOf(3, { name: 'window' }),
    limitOf(10, { name: 'bucket', algorithm: 'token-bucket', burst: 20 }),
  ]

  it('finds nothing left until the ban ends, whatever its limits have', () => {
    const client = new OneClient()
    client.cursor.write({ ...emptyEntry(), ban: banned(NOW_MS, 90_000), expiresAtMs: NOW_MS + 90_000 })
    const charge = chargeOf('client', limits)
    const refused = {
      allowed: false,
      retryAfterMs: 90_000,
      limits: [
        { name: 'window', limit: 3, remaining: 0, resetMs: 90_000 },
        { name: 'bucket', limit: 20, remaining: 0, resetMs: 90_000 },
      ],
      ban: { endsInMs: 90_000, isNew: false },
    }
    expect([client.peek(charge), client.consume(charge)]).toEqual([refused, refused])
  })

  it('waits longer than the ban where its limits require it, and shows when the ban ends', () => {
    const charge = chargeOf('client', limits, 4, banRule(1, 60_000, 5000))
    expect(new OneClient().consume(charge)).toEqual({
      allowed: false,
      retryAfterMs: 60_000,
      limits: [
        { name: 'window', limit: 3, remaining: 0, resetMs: 60_000 },
        { name: 'bucket', limit: 20, remaining: 0, resetMs: 60_000 },
      ],
      ban: { endsInMs: 5000, isNew: true },
    })
  })
})
