import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts'
import { LEAST_CAPABILITIES } from '../../../src/stores/store.ts'
import { FakeClock, FaultyStore } from '../../../src/tools/testing/index.ts'
import { allowedDecision, chargeOf } from '../../support/charges.ts'

describe('a FaultyStore without a fault', () => {
  it('does what its store does', async () => {
    const memory = new MemoryStore({ clock: new FakeClock() })
    const store = new FaultyStore(memory)
    expect(store.capabilities).toBe(memory.capabilities)
    const decision = await store.consume(chargeOf('client'))
    expect(decision).toMatchObject({ allowed: true, limits: [{ remaining: 2 }] })
    expect(await store.peek(chargeOf('client'))).toMatchObject({ limits: [{ remaining: 2 }] })
    await store.settle(decision.receipt ?? {}, 0)
    expect(await store.peek(chargeOf('client'))).toMatchObject({ limits: [{ remaining: 3 }] })
    await store.consume(chargeOf('client'))
    await store.reset('client')
    await store.consume(chargeOf('other'))
    expect(memory.size).toBe(1)
    await store.resetAll()
    expect(memory.size).toBe(0)
    await store.block('client', 5000)
    expect(await store.consume(chargeOf('client'))).toMatchObject({
      allowed: false,
      ban: { endsInMs: 5000, isNew: false },
    })
    await store.unblock('client')
    expect(await store.consume(chargeOf('client'))).toMatchObject({ allowed: true })
    expect(store.calls).toBe(12)
    await store.close()
    expect(() => memory.consume(chargeOf('client'))).toThrow('this MemoryStore was closed')
  })

  it('can have a store that has consume() only', async () => {
    const store = new FaultyStore({ consume: () => allowedDecision() })
    expect(store.capabilities).toBe(LEAST_CAPABILITIES)
    await store.reset('client')
    await store.resetAll()
    await store.close()
    for (const [method, call] of [
      ['peek', () => store.peek(chargeOf('client'))],
      ['settle', () => store.settle({}, 0)],
      ['block', () => store.block('client', 5000)],
      ['unblock', () => store.unblock('client')],
    ] as const) {
      expect(call).toThrow(new Error(`The store behind this FaultyStore has no ${method}()`))
    }
  })
})

describe('a FaultyStore with a fault', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  function createStores(): { memory: MemoryStore; store: FaultyStore } {
    const memory = new MemoryStore()
    return { memory, store: new FaultyStore(memory) }
  }

  it('throws and does nothing', () => {
    const { memory, store } = createStores()
    store.fail({ kind: 'throw' })
    for (const call of [
      () => store.consume(chargeOf('client')),
      () => store.peek(chargeOf('client')),
      () => store.settle({}, 0),
      () => store.block('client', 5000),
      () => store.unblock('client'),
      () => store.reset('client'),
      () => store.resetAll(),
    ]) {
      expect(call).toThrow(new Error('The store is down'))
    }
    expect(store.calls).toBe(7)
    expect(memory.size).toBe(0)
    const error = new Error('ECONNREFUSED')
    store.fail({ kind: 'throw', error })
    expect(() => store.consume(chargeOf('client'))).toThrow(error)
  })

  it('rejects its promises', async () => {
    const { store } = createStores()
    store.fail({ kind: 'reject' })
    await expect(store.consume(chargeOf('client'))).rejects.toThrow(new Error('The store is down'))
    const error = new Error('READONLY')
    store.fail({ kind: 'reject', error })
    await expect(store.reset('client')).rejects.toBe(error)
  })

  it('never settles its promises', async () => {
    const { store } = createStores()
    store.fail({ kind: 'hang' })
    const settled = vi.fn()
    const hanging = store.consume(chargeOf('client')) as Promise<unknown>
    void hanging.then(settled, settled)
    await vi.advanceTimersByTimeAsync(86_400_000)
    expect(settled).not.toHaveBeenCalled()
  })

  it('does its work at once and answers late', async () => {
    const { memory, store } = createStores()
    store.fail({ kind: 'late', delayMs: 50 })
    const settled = vi.fn()
    const late = store.consume(chargeOf('client')) as Promise<unknown>
    void late.then(settled)
    expect(memory.size).toBe(1)
    await vi.advanceTimersByTimeAsync(49)
    expect(settled).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(settled).toHaveBeenCalledWith(expect.objectContaining({ allowed: true }))
  })

  it('returns the given answer until it is healed', () => {
    const { store } = createStores()
    store.fail({ kind: 'nonsense', answer: 'OK' })
    expect(store.consume(chargeOf('client'))).toBe('OK')
    store.heal()
    expect(store.consume(chargeOf('client'))).toMatchObject({ allowed: true })
  })
})
