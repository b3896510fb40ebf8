/*
 * Decides the most frequent charges on the numbers of the client's row, without an entry and a draft: the client has one
 * limit, a fixed window, which is open. It allows the charge, has allowed the latest one, and would allow this one again;
 * or it refuses the charge, and no refusals are counted.
 *
 * Twin: src/limits/fixed-window.ts
 * Twin: src/limits/window-units.ts
 * Twin: src/stores/memory/decider.ts
 * Twin: src/stores/memory/memory-decision.ts
 */
import type { ChargeRecord } from '../../limits/algorithm.ts'
import type { Decision } from '../../limits/decision.ts'
import type { Limit } from '../../limits/limit.ts'
import type { Charge } from '../store.ts'
import type { ClientCursor } from './client-cursor.ts'
import { LARGEST_WORD } from './table/row-format.ts'
import type { RowSchema } from './table/row-schemas.ts'

/** Where the numbers of the window are among those of the row: in the order in which the algorithm writes them. */
const START_TO_EXPIRY_AT = 0
const USED_AT = 1
const WINDOW_ID_AT = 2

/**
 * Charges the known client that the cursor points at.
 *
 * @returns the decision, without a receipt; undefined, with nothing changed, for any charge that is not of the kinds above
 */
export function chargeOpenWindow(
  client: ClientCursor,
  schema: RowSchema,
  limit: Limit,
  nowMs: number,
  { cost, ban }: Pick<Charge, 'cost' | 'ban'>,
): Decision | undefined {
  if (!schema.isOneWindow || !client.isNarrowRowOf(schema)) return undefined
  const { expiresAtMs } = client
  const startMs = expiresAtMs - client.numberAt(START_TO_EXPIRY_AT)
  const used = client.numberAt(USED_AT)
  const isOpen = used > 0 && startMs <= nowMs && nowMs < startMs + limit.windowMs
  if (!isOpen || used > limit.limit) return undefined
  const resetMs = startMs + limit.windowMs - nowMs
  const usedNow = used + cost
  if (usedNow > limit.limit) {
    if (ban !== undefined) return undefined
    client.setRefusedCost(cost)
    const refusing = { name: limit.name, limit: limit.burst, remaining: limit.limit - used, resetMs }
    return { allowed: false, retryAfterMs: resetMs, limits: [refusing] }
  }
  if (client.refusedCost > 0 || usedNow + cost > limit.limit || usedNow > LARGEST_WORD) return undefined
  const untilMs = nowMs + limit.ttlMs
  if (untilMs > expiresAtMs && !expireLater(client, startMs, untilMs)) return undefined
  client.setNumberAt(USED_AT, usedNow)
  const charged = { name: limit.name, limit: limit.burst, remaining: limit.limit - usedNow, resetMs }
  return { allowed: true, retryAfterMs: 0, limits: [charged] }
}

/** The record of a charge after {@link chargeOpenWindow}, for its receipt. */
export function openWindowRecord(client: ClientCursor, cost: number): ChargeRecord {
  return [cost, client.numberAt(WINDOW_ID_AT)]
}

/** Returns false, with nothing changed, where the new expiry does not fit the row. */
function expireLater(client: ClientCursor, startMs: number, expiresAtMs: number): boolean {
  if (!client.fitsNarrow(startMs, expiresAtMs)) return false
  client.setExpiry(expiresAtMs)
  client.setNumberAt(START_TO_EXPIRY_AT, expiresAtMs - startMs)
  return true
}
