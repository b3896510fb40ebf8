import assert from 'node:assert/strict'
import type { Limit } from '../../../limits/limit.ts'
import { BAN_RULE, block, refuseUntilBanned } from './banned-client.ts'
import { type ConformanceCase, type ConformanceGroup, showsRefunds } from './conformance-case.ts'
import { HOUR_MS, limitOf, type TestedStore, WINDOW_MS } from './tested-store.ts'

/**
 * Limiters with other limits can charge the same key: during a rolling deployment, with another plan, or in a
 * second service. Counters are identified by the name, the algorithm and the window of the limit. So none of
 * these limiters changes what the others have counted.
 */
export const configurationCases: ConformanceGroup = (store) => {
  const { algorithms = [], bans = false } = store.capabilities ?? {}
  if (algorithms.length < 2) return []
  const cases = [forgetsNothing, takesNothingOver, keepsItsCount]
  if (showsRefunds(store)) cases.push(refundsItsOwn)
  return bans ? [...cases, banHoldsForAll] : cases
}

/** One limit for each algorithm and each of two windows, all of the same name. */
function configurationsOf({ algorithms }: TestedStore, units: number): readonly (readonly Limit[])[] {
  return algorithms.flatMap((algorithm) =>
    [WINDOW_MS, HOUR_MS].map((windowMs) => [limitOf(algorithm, units, { windowMs })]),
  )
}

function shown([limit]: readonly Limit[]): string {
  return `${limit?.algorithm} of ${limit?.windowMs} ms`
}

const forgetsNothing: ConformanceCase = {
  title: 'a charge forgets nothing that limits with another algorithm or window have counted',
  async run(tested) {
    const configurations = configurationsOf(tested, 3)
    for (let turn = 0; turn < 3; turn++) {
      for (const limits of configurations) await tested.consume('client', limits)
    }
    for (const limits of configurations) {
      const rule = `The limit (${shown(limits)}) must not be forgotten when other limits charge the same key.`
      await tested.assertRefused(rule, 'client', limits)
    }
  },
}

const takesNothingOver: ConformanceCase = {
  title: 'a limit does not count what limits with another algorithm or window have counted',
  async run(tested) {
    for (const limits of configurationsOf(tested, 3)) {
      const rule = `The limit (${shown(limits)}) must count its own charges only.`
      const { limits: states } = await tested.assertAllowed(rule, 'client', limits, 3)
      assert.equal(states[0]?.remaining, 0, rule)
    }
  },
}

const keepsItsCount: ConformanceCase = {
  title: 'a limit keeps its count, at most its new amount, when its amount changes',
  async run(tested) {
    for (const algorithm of tested.algorithms) {
      const [ten, hundred, three] = [10, 100, 3].map((units) => [limitOf(algorithm, units)])
      if (ten === undefined || hundred === undefined || three === undefined) continue
      await tested.countAllowed(8, algorithm, ten)
      const { limits } = await tested.assertAllowed('A larger limit must admit more.', algorithm, hundred)
      const rule = `A client that has used 9 units (${algorithm}) must have 91 of a new limit of 100.`
      assert.equal(limits[0]?.remaining, 91, rule)
      const small = `A client that has used 9 units (${algorithm}) must have none of a new limit of 3.`
      const { retryAfterMs } = await tested.assertRefused(small, algorithm, three)
      tested.clock.advance(retryAfterMs - 1)
      await tested.assertRefused('A client must not be allowed before its wait is over.', algorithm, three)
      tested.clock.advance(1)
      await tested.assertAllowed('A client that has waited must be allowed.', algorithm, three)
    }
  },
}

const refundsItsOwn: ConformanceCase = {
  title: 'refund() gives back the charge of its own limit when other limits have charged the key since',
  async run(tested) {
    const [limits = [], ...others] = configurationsOf(tested, 3)
    const receipt = await tested.receiptOf(limits, 2)
    for (const other of others) await tested.consume('client', other, 2)
    await tested.store.refund?.(receipt)
    const rule = 'A refund must give back the units of its own limit.'
    assert.equal(await tested.remaining('client', limits), 3, rule)
    for (const other of others) {
      const untouched = `A refund of another limit must not change the limit (${shown(other)}).`
      assert.equal(await tested.remaining('client', other), 1, untouched)
    }
  },
}

const banHoldsForAll: ConformanceCase = {
  title: 'a ban holds for limits with another algorithm or window too',
  async run(tested) {
    const [limits = [], ...others] = configurationsOf(tested, 1)
    await tested.consume('client', limits, 1, BAN_RULE)
    await refuseUntilBanned(tested, limits)
    for (const other of others) {
      const rule = `A client that one limit has banned must be refused by the other (${shown(other)}) too.`
      await tested.assertRefused(rule, 'client', other)
    }
    await block(tested, 'blocked', HOUR_MS)
    for (const each of [limits, ...others]) {
      await tested.assertRefused('A blocked client must be refused by every limit.', 'blocked', each)
    }
  },
}
