import { describe, expect, it } from 'vitest'
import { createRateLimiter } from '../../src/create-rate-limiter.ts'
import { refuseAll, refusingLimits } from '../../src/limits/refuse-all.ts'
import { FakeClock } from '../../src/tools/testing/fake-clock.ts'
import { limitOf } from '../support/charges.ts'

const limits = [limitOf(0, { windowMs: 60_000 }), limitOf(5, { windowMs: 3_600_000 })]

describe('refuseAll', () => {
  it('waits for the longest window of a limit of 0, or for the end of a longer ban', () => {
    expect(refuseAll(limits, 0)).toMatchObject({ allowed: false, retryAfterMs: 60_000 })
    const ban = { endsInMs: 90_000, isNew: true }
    expect(refuseAll(limits, 0, ban)).toMatchObject({ allowed: false, retryAfterMs: 90_000, ban })
  })

  it('asks a store for fixed windows that admit nothing', () => {
    expect(refusingLimits(limits).map(({ algorithm, limit, burst }) => [algorithm, limit, burst])).toEqual([
      ['fixed-window', 0, 0],
      ['fixed-window', 0, 0],
    ])
  })
})

describe('a limit of 0 with a ban', () => {
  it.each(['fixed-window', 'sliding-window', 'token-bucket'] as const)(
    'counts refusals of a %s towards the ban, which holds for both classes',
    async (algorithm) => {
      const clock = new FakeClock()
      const limiter = createRateLimiter({
        read: 5,
        write: { limit: 0, windowSec: 60, algorithm },
        ban: { after: 2, withinSec: 60, forSec: 600 },
        clock,
      })
      const waits = async (method: 'consume' | 'peek', requestClass: 'read' | 'write'): Promise<unknown> => {
        const { allowed, retryAfterMs, ban } = await limiter[method]('192.0.2.1', { class: requestClass })
        return [allowed, retryAfterMs, ban !== undefined]
      }
      expect(await waits('consume', 'write')).toEqual([false, 60_000, false])
      expect(await waits('peek', 'write')).toEqual([false, 60_000, false])
      expect(await waits('consume', 'read')).toEqual([true, 0, false])
      expect(await waits('consume', 'write')).toEqual([false, 600_000, true])
      expect(await waits('peek', 'write')).toEqual([false, 600_000, true])
      expect(await waits('consume', 'read')).toEqual([false, 600_000, true])
      await limiter.close()
    },
  )
})
