import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BanState } from '../../../../src/limits/ban.ts'
import { Pruner } from '../../../../src/stores/memory/capacity/pruner.ts'
import { ClientCursor } from '../../../../src/stores/memory/table/client-cursor.ts'
import { emptyEntry } from '../../../../src/stores/memory/table/client-entry.ts'
import { clientsOf, fingerprintAt, indicesOf, remember } from '../known-clients.ts'

/** Refusals in so many slices: what makes a row wider. */
function refusals(slices: number): BanState {
  const slice = (index: number) => ({ id: index, lastMs: index, units: 1 })
  return { refusals: { slices: Array.from({ length: slices }, (_, index) => slice(index)), lastId: slices } }
}

/** Clients that expire at these instants, and a pruner at its beginning. */
class Pruned {
  readonly clients = clientsOf()
  readonly pruner = new Pruner(this.clients)

  constructor(...expiries: readonly number[]) {
    remember(
      this.clients,
      expiries.map((expiresAtMs) => ({ expiresAtMs, fullness: 0, ban: undefined })),
    )
  }

  get left(): number[] {
    return indicesOf(this.clients, 100)
  }
}

describe('Pruner', () => {
  it('looks at no more than it is told, goes on where it stopped, and begins again', () => {
    const { pruner, clients } = new Pruned(1, 9, 1, 9, 1)
    expect([pruner.prune(5, 2), indicesOf(clients, 5)]).toEqual([1, [0, 1, 2, 3]])
    expect([pruner.prune(5, 2), indicesOf(clients, 5)]).toEqual([1, [0, 1, 3]])
    expect([pruner.prune(5, 1), indicesOf(clients, 5)]).toEqual([1, [1, 3]])
    expect([pruner.prune(9, 1), pruner.prune(9, 1)]).toEqual([1, 1])
    expect(pruner.clients).toBe(0)
  })

  it('forgets at the instant of expiry, not before', () => {
    const pruned = new Pruned(5)
    expect(pruned.pruner.prune(4, 10)).toBe(0)
    expect(pruned.pruner.prune(5, 10)).toBe(1)
    expect(pruned.left).toEqual([])
  })

  it('has nothing to do where there is nobody, and begins with whoever comes', () => {
    const { pruner, clients } = new Pruned()
    expect(pruner.prune(1000, 1000)).toBe(0)
    remember(clients, [{ expiresAtMs: 1, fullness: 0, ban: undefined }])
    expect([pruner.clients, pruner.prune(1000, 1), pruner.clients]).toEqual([1, 1, 0])
  })

  it('forgets everybody who has expired in one pass from the beginning', () => {
    const pruned = new Pruned(...Array.from({ length: 60 }, (_, index) => (index % 3 === 0 ? 1 : 9)))
    expect(pruned.pruner.prune(5, 60)).toBe(20)
    expect(pruned.left.length).toBe(40)
    expect(pruned.left.every((index) => index % 3 !== 0)).toBe(true)
  })

  it('passes nobody over for two passes, while clients of all widths come and go', () => {
    type Step = { readonly expiresAtMs: number; readonly slices: number; readonly index: number } | number
    const client = fc.record({
      expiresAtMs: fc.nat({ max: 20 }),
      slices: fc.nat({ max: 9 }),
      index: fc.nat({ max: 50 }),
    })
    const step: fc.Arbitrary<Step> = fc.oneof(
      { weight: 9, arbitrary: client },
      { weight: 1, arbitrary: fc.nat({ max: 8 }) },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150, size: 'max' }), (steps) => {
        const clients = clientsOf()
        const pruner = new Pruner(clients)
        const cursor = new ClientCursor(clients)
        const expiries = new Map<number, number>()
        const expired = (): number[] => [...expiries].filter(([, ms]) => ms <= 10).map(([index]) => index)
        const forget = (): void => {
          const left = new Set(indicesOf(clients, 51))
          for (const index of expired()) if (!left.has(index)) expiries.delete(index)
          expect([...left]).toEqual([...expiries.keys()].sort((one, other) => one - other))
        }
        for (const next of steps) {
          if (typeof next === 'number') {
            const before = expiries.size
            const forgotten = pruner.prune(10, next)
            forget()
            expect(forgotten).toBe(before - expiries.size)
            expect(forgotten).toBeLessThanOrEqual(next)
          } else if (cursor.find(fingerprintAt(next.index)) && next.slices === 0) {
            cursor.remove()
            expiries.delete(next.index)
          } else {
            const { expiresAtMs, slices, index } = next
            cursor.write({ ...emptyEntry(), expiresAtMs, ban: refusals(slices) })
            expiries.set(index, expiresAtMs)
          }
        }
        pruner.prune(10, 2 * pruner.clients)
        forget()
        expect(expired()).toEqual([])
      }),
      { numRuns: 300 },
    )
  })
})
