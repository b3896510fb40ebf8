import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CallDeadline } from '../../../src/stores/resilience/call-deadline.ts'

describe('the deadline of a call', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('is longer until the store has answered, and ends for all first calls at the same time', () => {
    const deadline = new CallDeadline(100, 1000)
    vi.advanceTimersByTime(5000)
    expect(deadline.lengthMs).toBe(1000)
    vi.advanceTimersByTime(300)
    expect(deadline.lengthMs).toBe(700)
    vi.advanceTimersByTime(650)
    expect(deadline.lengthMs).toBe(100)
    vi.advanceTimersByTime(60_000)
    expect(deadline.lengthMs).toBe(100)
  })

  it('is the ordinary one as soon as the store has answered', () => {
    const deadline = new CallDeadline(100, 1000)
    expect(deadline.lengthMs).toBe(1000)
    deadline.answered()
    expect(deadline.lengthMs).toBe(100)
  })

  it('is never shorter than the ordinary one', () => {
    expect(new CallDeadline(100, 50).lengthMs).toBe(100)
    expect(new CallDeadline(5000, 1000).lengthMs).toBe(5000)
  })

  it('rejects a call that takes longer, and names the time and the reason', async () => {
    const deadline = new CallDeadline(100, 1000)
    const onLate = vi.fn(() => new Error('Redis is not connected'))
    const rejected = expect(
      deadline.within(() => new Promise(() => undefined), onLate),
    ).rejects.toMatchObject({
      code: 'store_timeout',
      message:
        'the store did not answer within 1000 ms: Redis is not connected. Look at the store and its network, or raise storeDeadlineMs. See https://express-tollgate.github.io/express-tollgate/errors#store_timeout',
    })
    await vi.advanceTimersByTimeAsync(1000)
    await rejected
    expect(onLate).toHaveBeenCalledOnce()
  })

  it('needs no timer for a result that is no promise', async () => {
    const timer = vi.spyOn(globalThis, 'setTimeout')
    expect(
      await new CallDeadline(100, 1000).within(
        () => 5,
        () => undefined,
      ),
    ).toBe(5)
    expect(timer).not.toHaveBeenCalled()
    timer.mockRestore()
  })
})
