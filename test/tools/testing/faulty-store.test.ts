import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts'
import { LEAST_CAPABILITIES } from '../../../src/stores/store.ts'
import { FakeClock, FaultyStore } from '../../../src/tools/testing/index.ts'
import { admitted, chargeOf } from '../../support/charges.ts'

describe('FaultyStore on a good day', () => {
  it('does what the store behind it does', async () => {
    const memory = new MemoryStore({ clock: new FakeClock() })
    const store = new FaultyStore(memory)
    expect(store.capabilities).toBe(memory.capabilities)
    const decision = await store.consume(chargeOf('client'))
    expect(decision).toMatchObject({ allowed: true, limits: [{ remaining: 2 }] })
    expect(await store.peek(chargeOf('client'))).toMatchObject({ limits: [{ remaining: 2 }] })
    await store.refund(decision.receipt ?? {})
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

  it('stands in front of a store that can do the least, too', async () => {
    const store = new FaultyStore({ consume: () => admitted() })
    expect(store.capabilities).toBe(LEAST_CAPABILITIES)
    await store.refund({})
    await store.reset('client')
    await store.resetAll()
    await store.close()
    for (const [method, call] of [
      ['peek', () => store.peek(chargeOf('client'))],
      ['block', () => store.block('client', 5000)],
      ['unblock', () => store.unblock('client')],
    ] as const) {
      expect(call).toThrow(new Error(`The store behind this FaultyStore has no ${method}()`))
    }
  })
})

describe('FaultyStore on a bad day', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  function faulty(): { memory: MemoryStore; store: FaultyStore } {
    const memory = new MemoryStore()
    return { memory, store: new FaultyStore(memory) }
  }

  it('throws before it does anything', () => {
    const { memory, store } = faulty()
    store.fail({ kind: 'throw' })
    for (const call of [
      () => store.consume(chargeOf('client')),
      () => store.peek(chargeOf('client')),
      () => store.refund({}),
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

  it('rejects', async () => {
    const { store } = faulty()
    store.fail({ kind: 'reject' })
    await expect(store.consume(chargeOf('client'))).rejects.toThrow(new Error('The store is down'))
    const error = new Error('READONLY')
    store.fail({ kind: 'reject', error })
    await expect(store.reset('client')).rejects.toBe(error)
  })

  it('hangs', async () => {
    const { store } = faulty()
    store.fail({ kind: 'hang' })
    const settled = vi.fn()
    const hanging = store.consume(chargeOf('client')) as Promise<unknown>
    void hanging.then(settled, settled)
    await vi.advanceTimersByTimeAsync(86_400_000)
    expect(settled).not.toHaveBeenCalled()
  })

  it('works at once and answers late', async () => {
    const { memory, store } = faulty()
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

  it('answers nonsense, and heals', () => {
    const { store } = faulty()
    store.fail({ kind: 'nonsense', answer: 'OK' })
    expect(store.consume(chargeOf('client'))).toBe('OK')
    store.heal()
    expect(store.consume(chargeOf('client'))).toMatchObject({ allowed: true })
  })
})
