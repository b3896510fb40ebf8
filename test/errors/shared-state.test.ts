import { expect, it, vi } from 'vitest'
import { sharedState } from '../../src/errors/shared-state.ts'

it('state under one name is the same for all copies of the library', async () => {
  const name = Symbol.for('express-tollgate.test-of-shared-state')
  const state = sharedState(name, () => new Set(['made by the first copy']))
  vi.resetModules()
  const other = await import('../../src/errors/shared-state.ts')
  expect(other.sharedState).not.toBe(sharedState)
  expect(other.sharedState(name, () => new Set(['made again']))).toBe(state)
  expect(sharedState(Symbol.for('express-tollgate.test-of-other-state'), () => 5)).toBe(5)
})
