import { describe, expect, it } from 'vitest'
import { Latencies } from './latencies.ts'

function latenciesOf(...durationsMs: readonly number[]): Latencies {
  const latencies = new Latencies()
  for (const one of durationsMs) latencies.note(one)
  return latencies
}

describe('latencies', () => {
  it('are known to a hundredth, and the longest exactly', () => {
    const latencies = latenciesOf(...Array.from({ length: 1000 }, (_, index) => index + 1))
    expect([latencies.total, latencies.longestMs]).toEqual([1000, 1000])
    for (const share of [0.5, 0.99, 0.999]) {
      expect(latencies.percentileMs(share)).toBeGreaterThanOrEqual(share * 1000)
      expect(latencies.percentileMs(share)).toBeLessThanOrEqual(share * 1010)
    }
    expect(latencies.percentileMs(1)).toBe(1000)
  })

  it('are 0 where there are none', () => {
    expect([new Latencies().percentileMs(0.5), new Latencies().longestMs]).toEqual([0, 0])
  })

  it('of next to nothing, and of nothing, have a bucket too', () => {
    const latencies = latenciesOf(0, 0.0005, 5)
    expect(latencies.percentileMs(0.5)).toBe(0.001)
    expect(latencies.total).toBe(3)
  })

  it('of several processes are added up, by way of JSON', () => {
    const records = [latenciesOf(1, 1, 1), latenciesOf(100)].map(({ record }) => JSON.stringify(record))
    const together = Latencies.of(records.map((one) => JSON.parse(one)))
    expect([together.total, together.longestMs]).toEqual([4, 100])
    expect(together.percentileMs(0.75)).toBeLessThanOrEqual(1.01)
    expect(together.percentileMs(0.76)).toBe(100)
  })
})
