import { expect, it } from 'vitest'
import { CounterBound, MOST_COUNTERS } from '../../src/stores/counter-bound.ts'
import { emittedBy } from '../support/emitted-warnings.ts'
import { textOf } from '../support/project-files.ts'

it('a store warns once that it has dropped counters', async () => {
  const bound = new CounterBound('RedisStore')
  expect(await emittedBy(() => bound.dropped(0))).toEqual([])
  const [warning, ...others] = await emittedBy(() => {
    for (const counters of [1, 0, 2]) bound.dropped(counters)
  })
  expect(warning?.code).toBe('TOLLGATE_COUNTERS_DROPPED')
  expect(warning?.message).toMatch(/^A RedisStore has dropped a counter .* more than 16 counters /)
  expect(others).toEqual([])
})

it('the bound is that of the script of Redis', () => {
  const script = textOf('src/stores/redis/scripts/other-counters.lua')
  expect(script).toContain(`local MOST_COUNTERS = ${MOST_COUNTERS}\n`)
})
