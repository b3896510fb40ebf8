import { expect, it } from 'vitest'
import type { Limit } from '../../../src/limits/limit.ts'
import type { Lease } from '../../../src/stores/leases/lease.ts'
import { MemoryLeases } from '../../../src/stores/leases/memory-leases.ts'
import type { Charge } from '../../../src/stores/store.ts'
import { thrownBy } from '../../support/thrown-by.ts'

function chargeOf(limit: number, key = 'client'): Charge {
  const one: Limit = {
    name: 'x',
    limit,
    burst: limit,
    windowMs: 1000,
    ttlMs: 1000,
    algorithm: 'fixed-window',
  }
  return { key, limits: [one], cost: 1 }
}

it('answers with the places that are left, and when to try again', () => {
  const store = new MemoryLeases()
  const state = { name: 'x', limit: 1, remaining: 0, resetMs: 1000 }
  const taken = store.consume(chargeOf(1))
  expect(taken).toMatchObject({ allowed: true, retryAfterMs: 0, repeatAfterMs: 0, limits: [state] })
  expect(store.consume(chargeOf(1))).toEqual({ allowed: false, retryAfterMs: 1000, limits: [state] })
  expect(store.peek(chargeOf(2))).toMatchObject({ allowed: true, limits: [{ remaining: 1 }] })
  expect(store.peek(chargeOf(1)).allowed).toBe(false)
})

it('forgets a client whose places are all free', () => {
  const store = new MemoryLeases()
  const leases = [1, 2].map(() => store.consume(chargeOf(2)).receipt as Lease)
  for (const lease of [...leases, ...leases]) lease.release()
  expect(store.size).toBe(0)
})

it('takes nothing from new leases when a lease from before a reset is released', () => {
  const store = new MemoryLeases()
  const before = store.consume(chargeOf(1)).receipt as Lease
  store.reset('client')
  store.consume(chargeOf(1))
  before.release()
  expect(store.consume(chargeOf(1)).allowed).toBe(false)
})

it('decides nothing after it was closed', () => {
  const store = new MemoryLeases()
  store.close()
  expect(thrownBy(() => store.consume(chargeOf(1))).code).toBe('closed')
})
