import fc from 'fast-check'
import { describe, it } from 'vitest'
import { someLimit } from '../support/some-limit.ts'
import { LIFE_PROMISES } from './life-promises.ts'
import { assertAgrees } from './model.ts'
import { PROMISES } from './promises.ts'
import { forgetsInTime, undoesAtOnce } from './refund-promises.ts'
import { type Trace, traceOf } from './traces.ts'
import { WindowList } from './window-list.ts'

const LIMITS = [someLimit(7, 1000), someLimit(1, 1), someLimit(1, 50), someLimit(4, 9)]

/** Failed once: a window of which everything was given back stayed open. */
const REOPENED: Trace = {
  startMs: 0,
  steps: [
    { kind: 'charge', gapMs: 0, client: 0, cost: 1 },
    { kind: 'refund', gapMs: 1, client: 0, which: 0 },
    { kind: 'charge', gapMs: 1, client: 0, cost: 1 },
  ],
}

describe.each(LIMITS)('a fixed window of $limit units in $windowMs ms, on random traces,', (limit) => {
  it('decides as a list of all charges does', () => {
    fc.assert(
      fc.property(traceOf(limit, { clients: 3, refunds: true, maxLength: 60 }), (trace) => {
        assertAgrees(limit, trace, (own) => new WindowList(own))
      }),
      { numRuns: 300, examples: [[REOPENED]] },
    )
  })

  it.each(Object.entries({ ...PROMISES, ...LIFE_PROMISES }))('%s', (_promise, check) => check(limit))

  it('undoes charges that are given back in their instant, as if they had never been', () =>
    undoesAtOnce(limit))

  it('gives nothing back that came back by itself', () => forgetsInTime(limit))
})
