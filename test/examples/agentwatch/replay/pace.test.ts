import { describe, expect, it } from 'vitest'
import { createPace, type Timing } from '../../../../examples/agentwatch/replay/pace.ts'

function fakeTiming(): Timing & { slept: number[] } {
  let nowMs = 1000
  const slept: number[] = []
  return {
    slept,
    now: () => nowMs,
    sleep: async (ms) => {
      slept.push(ms)
      nowMs += ms
    },
  }
}

const NEVER: AbortSignal = new AbortController().signal

describe('createPace', () => {
  it("waits as long as the log did, times the speed's inverse", async () => {
    const timing = fakeTiming()
    const pace = createPace(60, timing)
    // The third line steps back, as logs do: it is due at once, and the fourth is due by its own time.
    for (const timeMs of [5000, 65_000, 35_000, 125_000]) await pace.wait(timeMs, NEVER)
    expect(timing.slept).toEqual([1000, 1000])
  })

  it('waits in pieces for longer than a timer can', async () => {
    const timing = fakeTiming()
    const pace = createPace(1, timing)
    await pace.wait(0, NEVER)
    await pace.wait(2.5 * 86_400_000, NEVER)
    expect(timing.slept).toEqual([86_400_000, 86_400_000, 43_200_000])
  })

  it('never waits at the greatest speed', async () => {
    const timing = fakeTiming()
    const pace = createPace('max', timing)
    for (const timeMs of [0, 1e12]) await pace.wait(timeMs, NEVER)
    expect(timing.slept).toEqual([])
  })

  it.each([1, 'max'] as const)('ends with the signal at speed %s', async (speed) => {
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(createPace(speed, fakeTiming()).wait(0, signal)).rejects.toThrow('enough')
  })

  it('lets the signal end a wait of the real clock', async () => {
    const ending = new AbortController()
    const pace = createPace(1)
    await pace.wait(0, ending.signal)
    const waiting = pace.wait(60_000, ending.signal)
    ending.abort()
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
  })
})
