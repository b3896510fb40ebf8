import assert from 'node:assert/strict'
import type { AlgorithmResult } from '../../src/limits/algorithm.ts'
import type { Limit } from '../../src/limits/limit.ts'
import type { CountedClient } from '../support/counted-client.ts'
import { entryAt, play, type Trace, told } from './traces.ts'

/** What a client is told. */
export type Numbers = Omit<AlgorithmResult<unknown>, 'state'>

/** Another way to count the charges of one client, slow and plain, with which an algorithm must agree. */
export interface Model {
  charge(nowMs: number, cost: number): Numbers
  /** Gives back one of the admitted charges, counted from 0. */
  refund(nowMs: number, which: number): void
}

/** Plays a trace of several clients, and asks of each that it is told what its model says. */
export function assertAgrees(limit: Limit, trace: Trace, newModel: (limit: Limit) => Model): void {
  const clients: CountedClient[] = []
  const models: Model[] = []
  for (const { client, nowMs, cost, outcome, taken } of play(limit, trace, clients)) {
    const model = entryAt(models, client, () => newModel(limit))
    if (outcome !== undefined) assert.deepEqual(told(outcome), model.charge(nowMs, cost), `at ${nowMs} ms`)
    else if (taken !== undefined) model.refund(nowMs, clients[client]?.receipts.indexOf(taken) ?? -1)
  }
}
