import type { BanState } from '../../../src/limits/ban.ts'
import { ClientCursor, type ClientRows } from '../../../src/stores/memory/table/client-cursor.ts'
import { emptyEntry } from '../../../src/stores/memory/table/client-entry.ts'
import { ClientTable } from '../../../src/stores/memory/table/client-table.ts'
import type { Fingerprint } from '../../../src/stores/memory/table/key-hash.ts'
import { NO_ROW } from '../../../src/stores/memory/table/row-index.ts'
import { RowSchemas } from '../../../src/stores/memory/table/row-schemas.ts'

/** Clients of whom nothing is known yet, in one segment where they are no more than 8192. */
export function clientsOf(mostClients = 8192): ClientRows {
  return { table: new ClientTable(mostClients), schemas: new RowSchemas(), createdAtMs: 0 }
}

/** What somebody who makes room, or prunes, goes by. */
export interface KnownClient {
  readonly expiresAtMs: number
  readonly fullness: number
  readonly ban: BanState | undefined
}

/** From here all neighbours are seen in their order. */
export const FIRST_PLACE: Fingerprint = { first: 0, second: 0, third: 0 }

/** Fingerprints that stand in a segment in the order of their indices. */
export function fingerprintAt(index: number): Fingerprint {
  return { first: (index + 1) << 20, second: 0, third: index }
}

/** Makes clients known, each at the place of its index. */
export function remember(
  clients: ClientRows,
  known: readonly KnownClient[],
  placeOf: (index: number) => Fingerprint = fingerprintAt,
): void {
  const cursor = new ClientCursor(clients)
  known.forEach((client, index) => {
    cursor.find(placeOf(index))
    cursor.write({ ...emptyEntry(), ...client })
  })
}

/** The index of the client on a row. */
export function indexAt({ table }: ClientRows, row: number): number {
  return table.rows.fingerprintOf(row).third
}

/** The indices of all clients that are known, in their order. */
export function indicesOf({ table }: ClientRows, most: number): number[] {
  const indices = Array.from({ length: most }, (_, index) => index)
  return indices.filter((index) => table.find(fingerprintAt(index)) !== NO_ROW)
}
