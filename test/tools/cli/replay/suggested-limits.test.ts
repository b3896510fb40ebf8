import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChosenAlgorithm } from '../../../../src/limits/limit.ts'
import { createLineParser } from '../../../../src/tools/cli/log/line-parser.ts'
import { OfflineLimiter } from '../../../../src/tools/cli/replay/offline-limiter.ts'
import { Replayer } from '../../../../src/tools/cli/replay/replayer.ts'
import {
  clientsAbove,
  countByUsage,
  suggestLimit,
} from '../../../../src/tools/cli/replay/suggested-limits.ts'
import { combinedLine, logTime } from '../log-lines.ts'

const WINDOW_SEC = 10
const parse = createLineParser('auto', undefined)

/** The replayer after one read at each of the times. */
function replay(
  seconds: readonly number[],
  limit: number,
  algorithm: ChosenAlgorithm,
  burst?: number,
): Replayer {
  const read = { limit, algorithm, ...(burst === undefined ? {} : { burst }) }
  const limiter = new OfflineLimiter({ read, write: false, windowSec: WINDOW_SEC })
  const replayer = new Replayer(limiter)
  for (const second of seconds) {
    replayer.add(parse(combinedLine({ time: logTime(1_700_000_000_000 + second * 1000) })), 'log', 1)
  }
  limiter.close()
  return replayer
}

const highestUsage = ({ clients }: Replayer): number => clients.get('198.51.100.7')?.highestUnits('read') ?? 0

describe('the highest usage of a client', () => {
  it.each<[ChosenAlgorithm, readonly number[], number]>([
    ['fixed-window', [0, 8, 9, 11, 12], 3],
    ['sliding-window', [0, 8, 9, 11, 12], 4],
    ['fixed-window', [0, 10, 20], 1],
    ['token-bucket', [0, 0, 0, 10, 10], 3],
    ['token-bucket', [0, 5, 10, 15], 1],
  ])('in a %s, for requests at the seconds %j, is %i', (algorithm, seconds, usage) => {
    // The bucket regains two units in ten seconds.
    expect(highestUsage(replay(seconds, 2, algorithm))).toBe(usage)
  })

  const gaps = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 60 })
  const timesOf = (steps: readonly number[]): number[] => {
    let second = 0
    return steps.map((step) => {
      second += step
      return second
    })
  }

  it.each<ChosenAlgorithm>(['fixed-window', 'sliding-window'])(
    'in a %s is the lowest limit that refuses nothing',
    (algorithm) => {
      fc.assert(
        fc.property(gaps, (steps) => {
          const seconds = timesOf(steps)
          const usage = highestUsage(replay(seconds, 1, algorithm))
          expect(replay(seconds, usage, algorithm).refused).toBe(0)
          if (usage > 1) expect(replay(seconds, usage - 1, algorithm).refused).toBeGreaterThan(0)
        }),
        { numRuns: 60 },
      )
    },
  )

  it('in a token bucket is the lowest burst that refuses nothing', () => {
    fc.assert(
      fc.property(gaps, (steps) => {
        const seconds = timesOf(steps)
        const usage = highestUsage(replay(seconds, 3, 'token-bucket', 1))
        expect(replay(seconds, 3, 'token-bucket', usage).refused).toBe(0)
        if (usage > 1) expect(replay(seconds, 3, 'token-bucket', usage - 1).refused).toBeGreaterThan(0)
      }),
      { numRuns: 60 },
    )
  })
})

describe('a suggested limit', () => {
  const counts = countByUsage([0, 1, 1, 1, 2, 2, 3, 5, 9, 9, 40])

  it('does not depend on clients that used nothing', () => {
    expect(counts).toEqual([
      { units: 1, clients: 3 },
      { units: 2, clients: 2 },
      { units: 3, clients: 1 },
      { units: 5, clients: 1 },
      { units: 9, clients: 2 },
      { units: 40, clients: 1 },
    ])
  })

  it.each([
    [0, 40, 0],
    [0.05, 40, 0],
    [0.1, 9, 1],
    [0.2, 9, 1],
    [0.3, 5, 3],
    [0.5, 2, 5],
  ])('for a share of %d is %i', (share, limit, refusedClients) => {
    expect(suggestLimit(counts, share)).toEqual({ share, limit, refusedClients })
    expect(clientsAbove(counts, limit)).toBe(refusedClients)
  })

  it('is undefined if there are no clients', () => {
    expect(suggestLimit([], 0.1)).toBeUndefined()
  })

  it('is the lowest limit that refuses no larger share', () => {
    const usages = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(usages, fc.double({ min: 0, max: 0.99, noNaN: true }), (highestUnits, share) => {
        const counted = countByUsage(highestUnits)
        const limit = suggestLimit(counted, share)?.limit ?? 0
        expect(clientsAbove(counted, limit)).toBeLessThanOrEqual(share * highestUnits.length)
        if (limit > 1)
          expect(clientsAbove(counted, limit - 1)).toBeGreaterThan(Math.floor(share * highestUnits.length))
      }),
    )
  })
})
