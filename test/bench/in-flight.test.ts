import { describe, expect, it } from 'vitest'
import type { RedisCounter } from './contestants/contestant.ts'
import { askInFlight } from './in-flight.ts'

const keys = (): { next(): string } => {
  let made = 0
  return { next: () => `key ${made++}` }
}

function counter(ask: (key: string) => unknown): RedisCounter {
  return {
    ask,
    isAdmitted: (answer) => answer === 'admitted',
    usedOf: () => Promise.resolve(0),
    countsRefusals: false,
    close: () => Promise.resolve(),
  }
}

describe('asking in flight', () => {
  it('asks exactly so often, and never more at once than it may', async () => {
    let now = 0
    let most = 0
    const asked: string[] = []
    const admitted = await askInFlight(
      counter(async (key) => {
        asked.push(key)
        most = Math.max(most, ++now)
        await Promise.resolve()
        now--
        return 'admitted'
      }),
      keys(),
      10,
      4,
    )
    expect([admitted, asked.length, most]).toEqual([10, 10, 4])
    expect(new Set(asked).size).toBe(10)
  })

  it('counts who is admitted, of those that answer directly too', async () => {
    const every = counter((key) => (key.endsWith('3') ? 'refused' : 'admitted'))
    expect(await askInFlight(every, keys(), 10, 2)).toBe(9)
  })

  it('takes a rejection with what is no error for a refusal, and an error for what it is', async () => {
    const refusing = counter(() => Promise.reject({ consumedPoints: 2 }))
    expect(await askInFlight(refusing, keys(), 5, 2)).toBe(0)
    const failing = counter(() => Promise.reject(new Error('Connection is closed.')))
    await expect(askInFlight(failing, keys(), 5, 2)).rejects.toThrow(new Error('Connection is closed.'))
  })
})
