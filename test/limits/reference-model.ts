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
}

/** Plays a trace of several clients, and compares each result with that of the client's model. */
export function assertSameResults(
  limit: Limit,
  trace: Trace,
  newModel: (limit: Limit) => ReferenceModel,
): void {
  const clients: CountedClient[] = []
  const models: ReferenceModel[] = []
  for (const { client, nowMs, cost, result, taken } of playTrace(limit, trace, clients)) {
    const model = elementAt(models, client, () => newModel(limit))
    if (result !== undefined)
      assert.deepEqual(withoutState(result), model.charge(nowMs, cost), `at ${nowMs} ms`)
    else if (taken !== undefined) model.refund(nowMs, clients[client]?.takenCharges.indexOf(taken) ?? -1)
  }
}
