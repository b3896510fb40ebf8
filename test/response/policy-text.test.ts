import { expect, it, vi } from 'vitest'
import type { Limit } from '../../src/limits/limit.ts'
import { cachedPolicyText } from '../../src/response/policy-text.ts'
import { fixedWindowLimit } from '../support/limits-by-algorithm.ts'

it('the text of a policy has a member for each limit, and is made once for each array of limits', () => {
  const memberOf = vi.fn(({ limit }: Limit) => String(limit))
  const textOf = cachedPolicyText(memberOf)
  const limits = [fixedWindowLimit(5, 1000), fixedWindowLimit(7, 2000)]
  expect([textOf(limits, 0), textOf(limits, 0)]).toEqual(['5, 7', '5, 7'])
  expect(memberOf).toHaveBeenCalledTimes(2)
  expect(textOf([fixedWindowLimit(9, 1000)], 0)).toBe('9')
})
