import { expect } from 'vitest'
import type { Limit } from '../../src/limits/limit.ts'
import { CountedClient } from '../support/counted-client.ts'

/**
 * A charge of a client, and the expected result. Times are in milliseconds. If a row has an earlier time than
 * the row before it, the clock is set back.
 */
interface ChargeRow {
  readonly at: number
  readonly cost: number
  readonly allowed: boolean
  readonly remaining: number
  readonly retryAfterMs: number
  /** Given if it shows something that the other columns do not show. */
  readonly resetMs?: number
}

/** A refund of an earlier charge. */
interface RefundRow {
  readonly at: number
  /** The number of the charge among the allowed charges of the table, counted from 1. */
  readonly refundOf: number
}

export type ChargeTableRow = ChargeRow | RefundRow

/** Charges a new client as the rows describe, and compares each result with the row. */
export function expectChargeTable(limit: Limit, rows: readonly ChargeTableRow[]): void {
  const client = new CountedClient(limit)
  for (const row of rows) {
    if ('refundOf' in row) {
      const taken = client.takenCharges[row.refundOf - 1]
      if (taken === undefined) throw new Error(`No charge ${row.refundOf} was allowed before ${row.at} ms.`)
      client.refund(row.at, taken)
      continue
    }
    const { allowed, remaining, retryAfterMs, resetMs } = client.charge(row.at, row.cost)
    const result = { allowed, remaining, retryAfterMs, ...(row.resetMs === undefined ? {} : { resetMs }) }
    const { at, cost, ...expected } = row
    expect(result, `a charge of ${cost} at ${at} ms`).toEqual(expected)
  }
}
