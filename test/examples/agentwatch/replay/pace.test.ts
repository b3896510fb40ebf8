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

const NO_ABORT: AbortSignal = new AbortController().signal

describe('createPace', () => {
  it('divides the waits of the log by the speed', async () => {
    const timing = fakeTiming()
    const pace = createPace(60, timing)
    // The third line is earlier than the second, so it is sent at once. The fourth is sent at its own time.
    for (const timeMs of [5000, 65_000, 35_000, 125_000]) await pace.wait(timeMs, NO_ABORT)
    expect(timing.slept).toEqual([1000, 1000])
  })

  it('divides a wait that is longer than a timer can wait', async () => {
    const timing = fakeTiming()
    const pace = createPace(1, timing)
    await pace.wait(0, NO_ABORT)
    await pace.wait(2.5 * 86_400_000, NO_ABORT)
    expect(timing.slept).toEqual([86_400_000, 86_400_000, 43_200_000])
  })

  it('never waits at the speed max', async () => {
    const timing = fakeTiming()
    const pace = createPace('max', timing)
    for (const timeMs of [0, 1e12]) await pace.wait(timeMs, NO_ABORT)
    expect(timing.slept).toEqual([])
  })

  it.each([1, 'max'] as const)('rejects when the signal aborts, at speed %s', async (speed) => {
    const signal = AbortSignal.abort(new Error('aborted'))
    await expect(createPace(speed, fakeTiming()).wait(0, signal)).rejects.toThrow('aborted')
  })

  it('ends a wait of the real clock when the signal aborts', async () => {
    const ending = new AbortController()
    const pace = createPace(1)
    await pace.wait(0, ending.signal)
    const waiting = pace.wait(60_000, ending.signal)
    ending.abort()
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
  })
})
