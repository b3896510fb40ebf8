import { describe, it } from 'vitest'
import { storeConformance } from '../../../src/tools/testing/index.ts'
import { ExactLogStore } from './exact-log-store.ts'

storeConformance({ name: 'ExactLogStore', describe, it, create: (clock) => new ExactLogStore(clock) })
storeConformance({
  name: 'ExactLogStore that counts a charge until the eighth of the window with the charge is one window old',
  describe,
  it,
  create: (clock) =>
    new ExactLogStore(clock, (atMs, windowMs) => {
      const sliceMs = Math.ceil(windowMs / 8)
      return (Math.floor(atMs / sliceMs) + 1) * sliceMs + windowMs
    }),
})
