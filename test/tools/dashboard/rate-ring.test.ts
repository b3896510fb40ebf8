import { describe, expect, it } from 'vitest'
import { RateRing, SECONDS } from '../../../src/tools/dashboard/rate-ring.ts'

const START = 1_700_000_000_000

describe('the ring of rates', () => {
  it('contains a second as soon as it is over, the newest last', () => {
    const ring = new RateRing()
    ring.count('allowed', START)
    ring.count('allowed', START + 999)
    ring.count('refused', START + 500)
    expect(ring.rates(START + 999).allowed).toEqual(new Array(SECONDS).fill(0))
    const { allowed, refused } = ring.rates(START + 1000)
    expect([allowed.length, allowed.at(-1), refused.at(-1)]).toEqual([SECONDS, 2, 1])
    expect(ring.rates(START + 4000).allowed.slice(-5)).toEqual([0, 2, 0, 0, 0])
  })

  it('drops seconds that are older than five minutes, however long there were no requests', () => {
    for (const idleMs of [SECONDS * 1000 + 1000, 86_400_000]) {
      const ring = new RateRing()
      ring.count('allowed', START)
      expect(ring.rates(START + SECONDS * 1000).allowed[0]).toBe(1)
      expect(ring.rates(START + idleMs).allowed).toEqual(new Array(SECONDS).fill(0))
    }
  })

  it('keeps every second of a long run in order', () => {
    const ring = new RateRing()
    for (let second = 0; second < 1000; second++) {
      for (let count = 0; count < second % 7; count++)
        ring.count(count % 2 === 0 ? 'allowed' : 'refused', START + second * 1000)
    }
    const { allowed, refused } = ring.rates(START + 1_000_000)
    const totals = allowed.map((count, index) => count + (refused[index] ?? 0))
    expect(totals).toEqual(Array.from({ length: SECONDS }, (_, index) => (700 + index) % 7))
  })
})
