import assert from 'node:assert/strict'
import type { AlgorithmResult } from '../../src/limits/algorithm.ts'
import type { Limit } from '../../src/limits/limit.ts'
import type { CountedClient } from '../support/counted-client.ts'
import { elementAt, playTrace, type Trace, withoutState } from './traces.ts'

/** The result of a charge without the state. */
export type ResultNumbers = Omit<AlgorithmResult<unknown>, 'state'>

/**
 * Another implementation of an algorithm for one client: slow and simple. Both must give the same results.
 */
export interface ReferenceModel {
  charge(nowMs: number, cost: number): ResultNumbers
  /** Refunds one of the allowed charges, counted from 0. */
  refund(nowMs: number, chargeIndex: number): void
  /** Settles one of the allowed charges. Returns the units that are recorded for it now. */
  settle(nowMs: number, chargeIndex: number, units: number): number
}

/** Plays a trace of several clients, and compares each result with that of the client's model. */
export function assertSameResults(
  limit: Limit,
  trace: Trace,
  newModel: (limit: Limit) => ReferenceModel,
): void {
  const clients: CountedClient[] = []
  const models: ReferenceModel[] = []
  for (const { client, nowMs, cost, result, taken, settled } of playTrace(limit, trace, clients)) {
    const model = elementAt(models, client, () => newModel(limit))
    if (result !== undefined)
      assert.deepEqual(withoutState(result), model.charge(nowMs, cost), `at ${nowMs} ms`)
    else if (taken !== undefined) {
      const index = clients[client]?.takenCharges.indexOf(taken) ?? -1
      if (settled === undefined) model.refund(nowMs, index)
      else assert.equal(settled.recorded, model.settle(nowMs, index, settled.units), `settled at ${nowMs} ms`)
    }
  }
}
