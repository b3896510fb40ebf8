import { expect, it, vi } from 'vitest'
import type { Limit } from '../../src/limits/limit.ts'
import { policyTexts } from '../../src/response/policy-text.ts'
import { someLimit } from '../support/some-limit.ts'

it('makes the text of each array of limits once, of a member for each limit', () => {
  const memberOf = vi.fn(({ limit }: Limit) => String(limit))
  const textOf = policyTexts(memberOf)
  const limits = [someLimit(5, 1000), someLimit(7, 2000)]
  expect([textOf(limits), textOf(limits)]).toEqual(['5, 7', '5, 7'])
  expect(memberOf).toHaveBeenCalledTimes(2)
  expect(textOf([someLimit(9, 1000)])).toBe('9')
})
