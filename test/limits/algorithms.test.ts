import { describe, expect, it } from 'vitest'
import { ALGORITHM_NAMES, algorithmOf } from '../../src/limits/algorithms.ts'
import { calendarWindow } from '../../src/limits/calendar-window.ts'
import { fixedWindow } from '../../src/limits/fixed-window.ts'
import { slidingWindow } from '../../src/limits/sliding-window.ts'
import { tokenBucket } from '../../src/limits/token-bucket.ts'
import {
  calendarLimit,
  fixedWindowLimit,
  slidingWindowLimit,
  tokenBucketLimit,
} from '../support/limits-by-algorithm.ts'

const LIMITS = [
  fixedWindowLimit(2, 1000),
  slidingWindowLimit(2, 1000),
  tokenBucketLimit(2, 1000),
  calendarLimit(2, 'minute'),
]

describe('the algorithms', () => {
  it('are four, with the names that limits use', () => {
    expect(ALGORITHM_NAMES).toEqual(['fixed-window', 'sliding-window', 'token-bucket', 'calendar-window'])
    expect(LIMITS.map(({ algorithm }) => algorithm)).toEqual(ALGORITHM_NAMES)
  })

  it('are found by the name in a limit', () => {
    expect(LIMITS.map(algorithmOf)).toEqual([fixedWindow, slidingWindow, tokenBucket, calendarWindow])
    expect(new Set(LIMITS.map(algorithmOf)).size).toBe(4)
  })

  it.each(LIMITS)('have states that survive as JSON: $algorithm', (limit) => {
    const { charge, recordOf, settle } = algorithmOf(limit)
    const { state } = charge(undefined, 1000, limit, 2)
    const kept = JSON.parse(JSON.stringify(state))
    expect(kept).toEqual(state)
    expect(charge(kept, 1400, limit, 1)).toEqual(charge(state, 1400, limit, 1))
    const record = recordOf(state, 1000, limit, 2)
    expect(record[0]).toBe(2)
    expect(settle(kept, JSON.parse(JSON.stringify(record)), 1400, limit, 1)).toEqual(
      settle(state, record, 1400, limit, 1),
    )
  })
})
