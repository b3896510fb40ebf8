import { expect } from 'vitest'
import type { Limit } from '../../src/limits/limit.ts'
import { CountedClient } from '../support/counted-client.ts'

/** A charge of one client and what it is told, in milliseconds; a row earlier than the last one set the clock back. */
interface ChargeRow {
  readonly at: number
  readonly cost: number
  readonly allowed: boolean
  readonly remaining: number
  readonly retryAfterMs: number
  /** Where it tells something that the other columns do not. */
  readonly resetMs?: number
}

/** An earlier charge that is given back: the how manieth of the admitted ones it was, counted from 1. */
interface RefundRow {
  readonly at: number
  readonly refundOf: number
}

export type Row = ChargeRow | RefundRow

/** Plays the rows to a client that is new to the limit, and compares what it is told with what they say. */
export function expectTable(limit: Limit, rows: readonly Row[]): void {
  const client = new CountedClient(limit)
  for (const row of rows) {
    if ('refundOf' in row) {
      const taken = client.receipts[row.refundOf - 1]
      if (taken === undefined) throw new Error(`No charge ${row.refundOf} was admitted before ${row.at} ms`)
      client.refund(row.at, taken)
      continue
    }
    const { allowed, remaining, retryAfterMs, resetMs } = client.charge(row.at, row.cost)
    const told = { allowed, remaining, retryAfterMs, ...(row.resetMs === undefined ? {} : { resetMs }) }
    const { at, cost, ...expected } = row
    expect(told, `a charge of ${cost} at ${at} ms`).toEqual(expected)
  }
}
