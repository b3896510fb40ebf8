import { describe, expect, it } from 'vitest'
import type { Limit } from '../../../src/limits/limit.ts'
import { emptyEntry, type MemoryEntry, outcomesOf } from '../../../src/stores/memory/memory-entry.ts'
import { MemoryReceipt } from '../../../src/stores/memory/memory-receipt.ts'
import { ALGORITHMS, chargeOf, limitOf } from '../charges.ts'

const NOW_MS = 1_000_000

/** One client in a map, charged as a store does it. */
class Client {
  entry: MemoryEntry = emptyEntry()
  readonly entries = new Map([['client', this.entry]])

  charge(limits: readonly Limit[], cost: number, nowMs = NOW_MS): MemoryReceipt {
    const outcomes = outcomesOf(this.entry, chargeOf('client', limits), nowMs, cost)
    expect(outcomes.every(({ allowed }) => allowed)).toBe(true)
    this.entry.limits = limits
    this.entry.states = outcomes.map(({ state }) => state)
    return new MemoryReceipt('client', this.entry, cost)
  }

  left(limits: readonly Limit[], nowMs = NOW_MS): number[] {
    return outcomesOf(this.entry, chargeOf('client', limits), nowMs, 0).map(({ remaining }) => remaining)
  }
}

describe('MemoryReceipt', () => {
  it('is known from anything that looks like it', () => {
    const receipt = new Client().charge([limitOf(3)], 1)
    expect(MemoryReceipt.is(receipt)).toBe(true)
    const forged = [{}, { ...receipt }, structuredClone(receipt), Object.create(receipt), [], () => receipt]
    for (const object of forged) expect(MemoryReceipt.is(object)).toBe(false)
    expect(MemoryReceipt.is(Object.setPrototypeOf({}, MemoryReceipt.prototype))).toBe(false)
  })

  it.each(ALGORITHMS)('gives its charge back, once, by %s', (algorithm) => {
    const client = new Client()
    const limits = [limitOf(10, { algorithm })]
    const receipt = client.charge(limits, 4)
    client.charge(limits, 3)
    receipt.redeem(client.entries, NOW_MS)
    expect(client.left(limits)).toEqual([7])
    receipt.redeem(client.entries, NOW_MS)
    expect(client.left(limits)).toEqual([7])
  })

  it('gives back to all limits, each by its own algorithm', () => {
    const client = new Client()
    const limits = ALGORITHMS.map((algorithm) => limitOf(10, { name: algorithm, algorithm }))
    const receipt = client.charge(limits, 4)
    client.charge(limits, 3)
    expect(client.left(limits)).toEqual([3, 3, 3])
    receipt.redeem(client.entries, NOW_MS)
    expect(client.left(limits)).toEqual([7, 7, 7])
  })

  it.each(ALGORITHMS)('gives nothing back that has come back by itself, by %s', (algorithm) => {
    const client = new Client()
    const limits = [limitOf(10, { algorithm })]
    const receipt = client.charge(limits, 4)
    client.charge(limits, 6, NOW_MS + 60_000)
    receipt.redeem(client.entries, NOW_MS + 60_000)
    expect(client.left(limits, NOW_MS + 60_000)).toEqual([4])
  })

  it('gives back what is still out of a bucket', () => {
    const client = new Client()
    const limits = [limitOf(10, { algorithm: 'token-bucket' })]
    const receipt = client.charge(limits, 4)
    // One unit of the four is back after 6 s.
    client.charge(limits, 5, NOW_MS + 6000)
    expect(client.left(limits, NOW_MS + 6000)).toEqual([2])
    receipt.redeem(client.entries, NOW_MS + 6000)
    expect(client.left(limits, NOW_MS + 6000)).toEqual([5])
  })

  it('is good for the entry that it was written for, and for no other of its key', () => {
    const client = new Client()
    const limits = [limitOf(10)]
    const receipt = client.charge(limits, 4)
    const first = client.entry
    client.entry = emptyEntry()
    client.entries.set('client', client.entry)
    client.charge(limits, 4)
    receipt.redeem(client.entries, NOW_MS)
    client.entries.clear()
    receipt.redeem(client.entries, NOW_MS)
    expect(client.left(limits)).toEqual([6])
    client.entry = first
    expect(client.left(limits)).toEqual([6])
    // It is not spent by that: where its entry stands, it is good.
    receipt.redeem(new Map([['client', first]]), NOW_MS)
    expect(client.left(limits)).toEqual([10])
  })

  it('finds its limits by their names, in another order and with another number', () => {
    const client = new Client()
    const [one, two] = [limitOf(10, { name: 'one' }), limitOf(20, { name: 'two' })]
    const receipt = client.charge([one, two], 4)
    const changed = [limitOf(30, { name: 'two' }), limitOf(40, { name: 'new' }), one]
    client.charge(changed, 2)
    expect(client.left(changed)).toEqual([24, 38, 4])
    receipt.redeem(client.entries, NOW_MS)
    expect(client.left(changed)).toEqual([28, 38, 8])
  })

  it('gives nothing to a limit of its name that another algorithm counts', () => {
    for (const before of ALGORITHMS) {
      for (const now of ALGORITHMS.filter((algorithm) => algorithm !== before)) {
        const client = new Client()
        const receipt = client.charge([limitOf(10, { algorithm: before })], 4)
        const limits = [limitOf(10, { algorithm: now })]
        client.charge(limits, 3)
        receipt.redeem(client.entries, NOW_MS)
        expect(client.left(limits)).toEqual([7])
      }
    }
  })
})
