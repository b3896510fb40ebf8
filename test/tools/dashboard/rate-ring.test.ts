import { describe, expect, it } from 'vitest'
import { RateRing, SECONDS } from '../../../src/tools/dashboard/rate-ring.ts'

const START = 1_700_000_000_000

describe('the ring of seconds', () => {
  it('shows a second once it is over, the newest last', () => {
    const ring = new RateRing()
    ring.count(true, START)
    ring.count(true, START + 999)
    ring.count(false, START + 500)
    expect(ring.rates(START + 999).admitted).toEqual(new Array(SECONDS).fill(0))
    const { admitted, refused } = ring.rates(START + 1000)
    expect([admitted.length, admitted.at(-1), refused.at(-1)]).toEqual([SECONDS, 2, 1])
    expect(ring.rates(START + 4000).admitted.slice(-5)).toEqual([0, 2, 0, 0, 0])
  })

  it('forgets what is older than five minutes, however long nothing came', () => {
    for (const idleMs of [SECONDS * 1000 + 1000, 86_400_000]) {
      const ring = new RateRing()
      ring.count(true, START)
      expect(ring.rates(START + SECONDS * 1000).admitted[0]).toBe(1)
      expect(ring.rates(START + idleMs).admitted).toEqual(new Array(SECONDS).fill(0))
    }
  })

  it('holds every second of a long run in its place', () => {
    const ring = new RateRing()
    for (let second = 0; second < 1000; second++) {
      for (let count = 0; count < second % 7; count++) ring.count(count % 2 === 0, START + second * 1000)
    }
    const { admitted, refused } = ring.rates(START + 1_000_000)
    const totals = admitted.map((count, index) => count + (refused[index] ?? 0))
    expect(totals).toEqual(Array.from({ length: SECONDS }, (_, index) => (700 + index) % 7))
  })
})
