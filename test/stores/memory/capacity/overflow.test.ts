import { describe, expect, it } from 'vitest'
import type { Decision } from '../../../../src/limits/decision.ts'
import type { Limit } from '../../../../src/limits/limit.ts'
import { Overflow, SHARED_CLIENTS } from '../../../../src/stores/memory/capacity/overflow.ts'
import { MemoryReceipt } from '../../../../src/stores/memory/memory-receipt.ts'
import { type Fingerprint, KeyHash } from '../../../../src/stores/memory/table/key-hash.ts'
import { ALGORITHMS, banRule, chargeOf, limitOf } from '../../../support/charges.ts'
import { clientsOf } from '../known-clients.ts'

const NOW_MS = 1_000_000
const THREE = [limitOf(3)]

const newClient = (third: number): Fingerprint => ({ first: third * 7919, second: -third, third })

class SharedClients {
  readonly clients = clientsOf(SHARED_CLIENTS)
  readonly overflow = new Overflow(this.clients, new KeyHash())

  consume(third: number, limits: readonly Limit[] = THREE, cost = 1, nowMs = NOW_MS): Decision {
    return this.overflow.consume(newClient(third), chargeOf('unused', limits, cost), nowMs)
  }

  remaining(third: number, limits: readonly Limit[] = THREE, nowMs = NOW_MS): number | undefined {
    return this.overflow.peek(newClient(third), chargeOf('unused', limits), nowMs).limits[0]?.remaining
  }

  /** How many of so many new clients get the one unit that each asks for. */
  allowed(newClients: number, limits: readonly Limit[] = THREE, nowMs = NOW_MS): number {
    let allowed = 0
    for (let third = 0; third < newClients; third++) {
      if (this.consume(third, limits, 1, nowMs).allowed) allowed++
    }
    return allowed
  }
}

describe('Overflow', () => {
  it('has 64 shared clients, each with the quota of one client', () => {
    const shared = new SharedClients()
    expect(SHARED_CLIENTS).toBe(64)
    for (const remaining of [2, 1, 0]) {
      expect(shared.consume(5 + 64 * remaining)).toMatchObject({ allowed: true, limits: [{ remaining }] })
    }
    expect(shared.consume(5)).toMatchObject({ allowed: false, retryAfterMs: 60_000 })
    expect([shared.remaining(4), shared.remaining(6)]).toEqual([3, 3])
    expect(shared.allowed(5000)).toBe(63 * 3)
  })

  it.each(ALGORITHMS)('allows as much as 64 clients for any number of new clients, by %s', (algorithm) => {
    const shared = new SharedClients()
    const limits = [limitOf(5, { algorithm })]
    expect(shared.allowed(2000, limits)).toBe(64 * 5)
    expect(shared.allowed(2000, limits)).toBe(0)
    expect(shared.allowed(2000, limits, NOW_MS + 60_000)).toBe(64 * 5)
  })

  it('has other shared clients for other limit names and algorithms, and the same for other numbers', () => {
    const shared = new SharedClients()
    expect(shared.allowed(1000)).toBe(64 * 3)
    expect(shared.allowed(1000, [limitOf(3, { name: 'other' })])).toBe(64 * 3)
    expect(shared.allowed(1000, [limitOf(3, { algorithm: 'sliding-window' })])).toBe(64 * 3)
    expect(shared.allowed(1000, [limitOf(3), limitOf(9, { name: 'second' })])).toBe(64 * 3)
    expect(shared.allowed(1000, [limitOf(4)])).toBe(64)
    expect(shared.clients.table.size).toBe(4 * 64)
  })

  it('bans no client, and shows no ban', () => {
    const shared = new SharedClients()
    const charge = chargeOf('unused', THREE, 1, banRule(1, 60_000, 600_000))
    for (let turn = 0; turn < 20; turn++) {
      const before = shared.overflow.peek(newClient(1), charge, NOW_MS)
      const decision = shared.overflow.consume(newClient(1), charge, NOW_MS)
      expect([decision.allowed, decision.ban]).toEqual([turn < 3, undefined])
      expect([before.allowed, before.ban]).toEqual([turn < 3, undefined])
    }
    expect(shared.remaining(1, THREE, NOW_MS + 60_000)).toBe(3)
  })

  it('counts each charge that it decides, and no peek', () => {
    const shared = new SharedClients()
    shared.allowed(500)
    shared.remaining(1)
    expect(shared.overflow.charges).toBe(500)
  })

  it('takes back the charge of its own receipt', () => {
    const shared = new SharedClients()
    const { receipt = {} } = shared.consume(9, THREE, 2)
    if (!MemoryReceipt.is(receipt)) throw new Error('no receipt')
    expect(receipt.isOf(shared.overflow.client)).toBe(true)
    expect(receipt.isOf(new SharedClients().overflow.client)).toBe(false)
    shared.consume(9)
    for (const _ of [1, 2]) {
      receipt.redeem(NOW_MS)
      expect(shared.remaining(9)).toBe(2)
    }
    expect(shared.remaining(10)).toBe(3)
  })

  it('forgets its shared clients when they expire, and all of them when it is cleared', () => {
    const shared = new SharedClients()
    const emptyBytes = shared.overflow.bytes
    shared.allowed(1000)
    expect(shared.overflow.pruner.clients).toBe(64)
    expect(shared.overflow.bytes).toBeGreaterThan(emptyBytes)
    expect(shared.overflow.pruner.prune(NOW_MS + 89_999, 64)).toBe(0)
    expect(shared.overflow.pruner.prune(NOW_MS + 90_000, 64)).toBe(64)
    expect(shared.overflow.bytes).toBe(emptyBytes)
    shared.allowed(1000)
    shared.overflow.clear()
    expect([shared.overflow.bytes, shared.remaining(1)]).toEqual([emptyBytes, 3])
    expect(shared.allowed(1000)).toBe(64 * 3)
  })
})
