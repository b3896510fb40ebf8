import { describe, expect, it } from 'vitest'
import { windowToMs } from '../../src/options/window-option.ts'
import { emittedBy } from '../support/emitted-warnings.ts'
import { settingsOf } from '../support/parsed-settings.ts'

const code = 'TOLLGATE_WINDOW_LOOKS_LIKE_MS'

describe('the warning of a window that looks like milliseconds', () => {
  it.each([
    [1000, 1],
    [2000, 2],
    [5000, 5],
    [10_000, 10],
    [60_000, 60],
    [180_000, 180],
    [300_000, 300],
    [900_000, 900],
    [3_600_000, 3600],
    [86_400_000, 86_400],
  ])('is emitted for %d', async (windowSec, meant) => {
    const warnings = await emittedBy(() => expect(windowToMs('windowSec', windowSec)).toBe(windowSec * 1000))
    const message = `windowSec is ${windowSec} seconds. If milliseconds were meant, give ${meant}.`
    expect(warnings).toEqual([{ code, message }])
  })

  it.each([
    0.5, 1, 15, 60, 90, 900, 999, 1001, 1500, 1800, 3600, 7200, 10_800, 36_000, 72_000, 86_400, 108_000,
    144_000, 172_800, 432_000, 604_800, 2_592_000, 31_536_000,
  ])('is not emitted for %d', async (windowSec) => {
    expect(await emittedBy(() => windowToMs('windowSec', windowSec))).toEqual([])
  })

  it('has the path of the option', async () => {
    const options = { read: 5, write: { limit: 5, windowSec: 60_000 } }
    const message = 'write.windowSec is 60000 seconds. If milliseconds were meant, give 60.'
    expect(await emittedBy(() => settingsOf(options))).toEqual([{ code, message }])
  })
})
