import { describe, expect, it } from 'vitest'
import { type AlgorithmState, algorithmOf } from '../../../src/limits/algorithms.ts'
import { banned } from '../../../src/limits/ban.ts'
import type { Limit } from '../../../src/limits/limit.ts'
import { ClientCursor, type ClientRows } from '../../../src/stores/memory/client-cursor.ts'
import { type ClientEntry, emptyEntry, resultsOf } from '../../../src/stores/memory/client-entry.ts'
import { MemoryReceipt } from '../../../src/stores/memory/memory-receipt.ts'
import { ALGORITHMS, limitOf } from '../../support/charges.ts'
import { clientsOf, fingerprintAt } from './known-clients.ts'

const NOW_MS = 1_000_000

/** One client in a table, charged as a store charges it. */
class Client {
  readonly clients: ClientRows
  readonly cursor: ClientCursor
  readonly #fingerprint = fingerprintAt(1)

  constructor(clients = clientsOf()) {
    this.clients = clients
    this.cursor = new ClientCursor(clients)
  }

  get entry(): ClientEntry {
    return this.cursor.find(this.#fingerprint) ? this.cursor.read() : emptyEntry()
  }

  charge(limits: readonly Limit[], cost: number, nowMs = NOW_MS): MemoryReceipt {
    const { entry } = this
    const results = resultsOf(entry, limits, nowMs, cost)
    expect(results.every(({ allowed }) => allowed)).toBe(true)
    const states = results.map(({ state }) => state)
    this.write({ ...entry, limits, states, expiresAtMs: nowMs + 90_000, refusedCost: 0 })
    return this.receipt(limits, states, cost, nowMs)
  }

  write(entry: ClientEntry): void {
    this.cursor.find(this.#fingerprint)
    this.cursor.write(entry)
  }

  receipt(
    limits: readonly Limit[],
    states: readonly AlgorithmState[],
    cost: number,
    nowMs = NOW_MS,
  ): MemoryReceipt {
    const records = limits.flatMap((limit, index) => {
      const state = states[index]
      return state === undefined ? [] : [algorithmOf(limit).recordOf(state, nowMs, limit, cost)]
    })
    return new MemoryReceipt({ client: this.cursor, fingerprint: this.#fingerprint, limits, records })
  }

  forget(): void {
    if (this.cursor.find(this.#fingerprint)) this.cursor.remove()
  }

  left(limits: readonly Limit[], nowMs = NOW_MS): number[] {
    return resultsOf(this.entry, limits, nowMs, 0).map(({ remaining }) => remaining)
  }
}

describe('MemoryReceipt', () => {
  it('is distinguished from objects that look like it', () => {
    const receipt = new Client().charge([limitOf(3)], 1)
    expect(MemoryReceipt.is(receipt)).toBe(true)
    const forged = [{}, { ...receipt }, structuredClone(receipt), Object.create(receipt), [], () => receipt]
    for (const object of forged) expect(MemoryReceipt.is(object)).toBe(false)
    expect(MemoryReceipt.is(Object.setPrototypeOf({}, MemoryReceipt.prototype))).toBe(false)
  })

  it('knows the cursor through which the charge was taken', () => {
    const client = new Client()
    const receipt = client.charge([limitOf(3)], 1)
    expect(receipt.isOf(client.cursor)).toBe(true)
    expect(receipt.isOf(new Client(client.clients).cursor)).toBe(false)
  })

  it.each(ALGORITHMS)('gives its charge back, once, by %s', (algorithm) => {
    const client = new Client()
    const limits = [limitOf(10, { algorithm })]
    const receipt = client.charge(limits, 4)
    client.charge(limits, 3)
    for (const _ of [1, 2]) {
      receipt.settle(NOW_MS, 0)
      expect(client.left(limits)).toEqual([7])
    }
  })

  it('gives back to all limits, each by its own algorithm', () => {
    const client = new Client()
    const limits = ALGORITHMS.map((algorithm) => limitOf(10, { name: algorithm, algorithm }))
    const receipt = client.charge(limits, 4)
    client.charge(limits, 3)
    expect(client.left(limits)).toEqual([3, 3, 3])
    receipt.settle(NOW_MS, 0)
    expect(client.left(limits)).toEqual([7, 7, 7])
  })

  it.each(ALGORITHMS)('gives back nothing that the client has regained by itself, by %s', (algorithm) => {
    const client = new Client()
    const limits = [limitOf(10, { algorithm })]
    const receipt = client.charge(limits, 4)
    client.charge(limits, 6, NOW_MS + 60_000)
    receipt.settle(NOW_MS + 60_000, 0)
    expect(client.left(limits, NOW_MS + 60_000)).toEqual([4])
  })

  it('gives back what a bucket has not regained yet', () => {
    const client = new Client()
    const limits = [limitOf(10, { algorithm: 'token-bucket' })]
    const receipt = client.charge(limits, 4)
    // The bucket regains one of the four units in 6 s.
    client.charge(limits, 5, NOW_MS + 6000)
    expect(client.left(limits, NOW_MS + 6000)).toEqual([2])
    receipt.settle(NOW_MS + 6000, 0)
    expect(client.left(limits, NOW_MS + 6000)).toEqual([5])
  })

  it('does not add a client that was forgotten, and can still be used when the client is known again', () => {
    const client = new Client()
    const limits = [limitOf(10)]
    const receipt = client.charge(limits, 4)
    const { entry } = client
    client.forget()
    receipt.settle(NOW_MS, 0)
    expect(client.clients.table.size).toBe(0)
    client.write(entry)
    receipt.settle(NOW_MS, 0)
    expect(client.left(limits)).toEqual([10])
  })

  it.each([
    ['fixed-window', { startMs: NOW_MS, used: 4, windowId: 77 }],
    ['sliding-window', { slices: [{ id: 77, lastMs: NOW_MS, units: 4 }], lastId: 77 }],
    ['token-bucket', { fullAtMs: NOW_MS + 24_000, fullAtParts: 0, fillId: 77 }],
  ] as const)(
    'gives nothing back to a client that was forgotten and came back, by %s',
    (algorithm, laterState) => {
      const client = new Client()
      const limits = [limitOf(10, { algorithm })]
      const receipt = client.charge(limits, 4)
      const ownStates = client.entry.states
      client.write({ ...client.entry, states: [laterState] })
      receipt.settle(NOW_MS, 0)
      expect(client.left(limits)).toEqual([6])
      // A charge with the ids of the first time is given back.
      client.write({ ...client.entry, states: ownStates })
      client.receipt(limits, ownStates, 4).settle(NOW_MS, 0)
      expect(client.left(limits)).toEqual([10])
    },
  )

  it('changes no ban, no expiry, no refused cost and no other client', () => {
    const client = new Client()
    const other = new Client(client.clients)
    const limits = [limitOf(10)]
    const receipt = client.charge(limits, 8)
    const ban = banned(NOW_MS, 5000)
    client.write({ ...client.entry, ban, refusedCost: 7 })
    expect(other.left(limits)).toEqual([2])
    receipt.settle(NOW_MS, 0)
    expect(client.entry).toMatchObject({ ban, expiresAtMs: NOW_MS + 90_000, refusedCost: 7 })
    expect(client.left(limits)).toEqual([10])
    expect(other.left(limits)).toEqual([10])
  })

  it.each(ALGORITHMS)('gives back after the clock was set back, by %s', (algorithm) => {
    const client = new Client()
    const limits = [limitOf(4, { algorithm })]
    const receipt = client.charge(limits, 4)
    receipt.settle(NOW_MS - 500_000, 0)
    expect(client.left(limits, NOW_MS - 500_000)).toEqual([4])
  })

  it('finds its limits by name, in another order and with other numbers', () => {
    const client = new Client()
    const [one, two] = [limitOf(10, { name: 'one' }), limitOf(20, { name: 'two' })]
    const receipt = client.charge([one, two], 4)
    const changed = [limitOf(30, { name: 'two' }), limitOf(40, { name: 'new' }), one]
    client.charge(changed, 2)
    expect(client.left(changed)).toEqual([24, 38, 4])
    receipt.settle(NOW_MS, 0)
    expect(client.left(changed)).toEqual([28, 38, 8])
  })

  it('gives nothing to a limit of the same name with another algorithm', () => {
    for (const before of ALGORITHMS) {
      for (const now of ALGORITHMS.filter((algorithm) => algorithm !== before)) {
        const client = new Client()
        const receipt = client.charge([limitOf(10, { algorithm: before })], 4)
        const limits = [limitOf(10, { algorithm: now })]
        client.charge(limits, 3)
        receipt.settle(NOW_MS, 0)
        expect(client.left(limits)).toEqual([7])
      }
    }
  })
})
