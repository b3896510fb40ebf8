import { expect, it, vi } from 'vitest'
import type { Limit, Quota } from '../../src/limits/limit.ts'
import { cachedPolicyText } from '../../src/response/policy-text.ts'
import { fixedWindowLimit } from '../support/limits-by-algorithm.ts'

it('the text of a policy has a member for each limit, and is made once for each array of limits', () => {
  const memberOf = vi.fn(({ limit }: Limit, _quota: Quota, unit: string) => `${limit} ${unit}`)
  const textOf = cachedPolicyText(memberOf)
  const limits = [fixedWindowLimit(5, 1000), fixedWindowLimit(7, 2000)]
  const texts = [textOf(limits, 'rows', 0), textOf(limits, 'rows', 0)]
  expect(texts).toEqual(['5 rows, 7 rows', '5 rows, 7 rows'])
  expect(memberOf).toHaveBeenCalledTimes(2)
  expect(textOf([fixedWindowLimit(9, 1000)], 'tokens', 0)).toBe('9 tokens')
})
