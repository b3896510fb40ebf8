import { describe, expect, it } from 'vitest'
import { parseUnit } from '../../src/options/unit-option.ts'
import { settingsOf } from '../support/parsed-settings.ts'
import { thrownBy } from '../support/thrown-by.ts'

const FORM = "Give lower-case letters, digits and hyphens, at most 40, such as 'tokens' or 'content-bytes'."

describe('the unit', () => {
  it('is requests by default', () => {
    expect(parseUnit(undefined)).toBe('requests')
    expect(settingsOf({ limit: 5 }).unit).toBe('requests')
  })

  it.each(['tokens', 'rows', 'requests', 'content-bytes', 'gpu-seconds', 'kb2', 'x'.repeat(40)])(
    'can be %s',
    (unit) => {
      expect(settingsOf({ limit: 5, unit }).unit).toBe(unit)
    },
  )

  it.each([
    ['', undefined],
    [5, undefined],
    [null, undefined],
    [['tokens'], undefined],
    ['x'.repeat(41), undefined],
    ['-tokens', 'tokens'],
    ['tokens-', 'tokens'],
    ['Tokens', 'tokens'],
    ['output tokens', 'output-tokens'],
    ['output__Tokens', 'output-tokens'],
    ['to"kens', 'to-kens'],
    ['tokens\r\n', 'tokens'],
    ['Gr\u00f6\u00dfe', 'gr-e'],
    ['2fast', undefined],
    // The draft calls them requests.
    ['request', 'requests'],
    ['Request', 'requests'],
  ])('cannot be %j', (unit, nearest) => {
    const error = thrownBy(() => parseUnit(unit))
    expect(error).toMatchObject({ code: 'invalid_option', option: 'unit', value: unit, remedy: FORM })
    expect(error.nearest).toBe(nearest)
  })

  it('is told in the error with what was probably meant', () => {
    expect(thrownBy(() => settingsOf({ unit: 'Output Tokens' })).message).toBe(
      "unit: takes the name of what a cost counts, in the plural, got 'Output Tokens'. Did you mean 'output-tokens'? " +
        FORM,
    )
  })

  it('of requests in flight belongs to another limiter', () => {
    expect(thrownBy(() => settingsOf({ unit: 'concurrent-requests' })).message).toBe(
      "unit: takes the name of what a cost counts, in the plural, got 'concurrent-requests'. " +
        "Use createConcurrencyLimiter() of 'express-tollgate/concurrency' to limit those.",
    )
  })

  it.each([
    [{ units: 'tokens' }, "units: is not an option, got 'tokens'. Did you mean 'unit'?"],
    [{ qu: 'rows' }, "qu: is not an option, got 'rows'. Did you mean 'unit'? Write unit: 'rows' beside the"],
    [
      { quotaUnit: 5 },
      "quotaUnit: is not an option, got 5. Did you mean 'unit'? Write unit: 'tokens' beside the",
    ],
    [
      { limit: { limit: 5, unit: 'rows' } },
      "limit.unit: belongs to the limiter, for all its limits, got 'rows'. Write unit: 'rows' beside the limits.",
    ],
    [
      { plans: { free: { limit: 5, unit: 'rows' } }, plan: (): string => 'free' },
      "plans.free.unit: belongs to the limiter, for all its plans, got 'rows'. Write unit: 'rows' beside the plans.",
    ],
  ])('is found from %o', (options, message) => {
    expect(thrownBy(() => settingsOf(options as object)).message).toContain(message)
  })
})
