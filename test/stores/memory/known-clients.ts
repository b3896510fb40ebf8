import type { BanState } from '../../../src/limits/ban.ts'
import { ClientCursor, type ClientRows } from '../../../src/stores/memory/client-cursor.ts'
import { ClientTable } from '../../../src/stores/memory/table/client-table.ts'
import type { Fingerprint } from '../../../src/stores/memory/table/key-hash.ts'
import { NO_ROW } from '../../../src/stores/memory/table/row-index.ts'
import { RowSchemas } from '../../../src/stores/memory/table/row-schemas.ts'
import { limitOf } from '../../support/charges.ts'

/** An empty table of clients. Up to 8192 clients are in one segment of the index. */
export function clientsOf(mostClients = 8192): ClientRows {
  return { table: new ClientTable(mostClients), schemas: new RowSchemas(), createdAtMs: 0 }
}

/** The time at which clients are added, and the window that each of them has opened then. */
export const NOW_MS = 1000
const LIMITS = [limitOf(31, { windowMs: 60_000 })]

/** What decides which client is forgotten. */
export interface KnownClient {
  readonly expiresAtMs: number
  /** Of 31 units. */
  readonly used: number
  readonly ban: BanState | undefined
}

/** From this fingerprint on, the neighbours are in the order of their indices. */
export const FIRST_PLACE: Fingerprint = { first: 0, second: 0, third: 0 }

/** A fingerprint for each index. In a segment they are in the order of the indices. */
export function fingerprintAt(index: number): Fingerprint {
  return { first: (index + 1) << 20, second: 0, third: index }
}

/** Adds clients, each with the fingerprint of its index. */
export function remember(
  clients: ClientRows,
  known: readonly KnownClient[],
  fingerprintOf: (index: number) => Fingerprint = fingerprintAt,
): void {
  const cursor = new ClientCursor(clients)
  known.forEach(({ expiresAtMs, used, ban }, index) => {
    cursor.find(fingerprintOf(index))
    const states = [{ startMs: NOW_MS, used, windowId: 1 }]
    cursor.write({ limits: LIMITS, states, ban, expiresAtMs, refusedCost: 0 })
  })
}

/** The index of the client in a row. */
export function indexAt({ table }: ClientRows, row: number): number {
  return table.rows.fingerprintOf(row).third
}

/** The indices of all known clients, in ascending order. */
export function indicesOf({ table }: ClientRows, most: number): number[] {
  const indices = Array.from({ length: most }, (_, index) => index)
  return indices.filter((index) => table.find(fingerprintAt(index)) !== NO_ROW)
}
