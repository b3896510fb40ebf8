import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { withDeadline } from '../../../src/stores/resilience/deadline.ts'

describe('withDeadline', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const late = (): Error => new Error('late')

  it('resolves with a value that comes in time, and clears its timer', async () => {
    expect(await withDeadline(Promise.resolve(5), 100, late)).toBe(5)
    expect(await withDeadline(6, 100, late)).toBe(6)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('rejects with a rejection that comes in time, and clears its timer', async () => {
    await expect(withDeadline(Promise.reject(new Error('down')), 100, late)).rejects.toThrow('down')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('rejects at the deadline and not before', async () => {
    const settled = vi.fn()
    const promise = withDeadline(new Promise(() => undefined), 100, late)
    promise.catch(settled)
    await vi.advanceTimersByTimeAsync(99)
    expect(settled).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(settled).toHaveBeenCalledWith(new Error('late'))
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each(['resolve', 'reject'] as const)('ignores a late %s', async (outcome) => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    const { promise, ...settle } = settlable()
    const inTime = withDeadline(promise, 100, late)
    const rejected = expect(inTime).rejects.toThrow('late')
    await vi.advanceTimersByTimeAsync(100)
    await rejected
    settle[outcome](new Error('too late'))
    vi.useRealTimers()
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })
})

function settlable(): {
  promise: Promise<unknown>
  resolve: (value: unknown) => void
  reject: (error: Error) => void
} {
  let resolve: (value: unknown) => void = () => undefined
  let reject: (error: Error) => void = () => undefined
  const promise = new Promise((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}
