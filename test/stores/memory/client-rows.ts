import type { FixedWindowState } from '../../../src/limits/fixed-window.ts'
import type { Limit } from '../../../src/limits/limit.ts'
import type { ClientCursor, ClientRows } from '../../../src/stores/memory/client-cursor.ts'
import type { ClientEntry } from '../../../src/stores/memory/client-entry.ts'
import { ClientTable } from '../../../src/stores/memory/table/client-table.ts'
import type { Fingerprint } from '../../../src/stores/memory/table/key-hash.ts'
import { RowSchemas } from '../../../src/stores/memory/table/row-schemas.ts'
import { limitOf } from '../../support/charges.ts'
import { CREATED_AT_MS } from './some-entries.ts'

export const LIMITS: readonly Limit[] = [limitOf(10)]
export const WINDOW: FixedWindowState = { startMs: CREATED_AT_MS + 5, used: 3, windowId: 7 }

/** A client with one fixed window. */
export function windowEntry(
  overrides: Partial<ClientEntry> = {},
  state: Partial<FixedWindowState> = {},
): ClientEntry {
  return {
    limits: LIMITS,
    states: [{ ...WINDOW, ...state }],
    ban: undefined,
    expiresAtMs: CREATED_AT_MS + 90_000,
    refusedCost: 0,
    ...overrides,
  }
}

/** The empty table of a new store. */
export function newClientRows(createdAtMs: number = CREATED_AT_MS): ClientRows {
  return { table: new ClientTable(1000), schemas: new RowSchemas(), createdAtMs }
}

/** A fingerprint for each number; the fingerprints are far from one another. */
export function fingerprintOf(number: number): Fingerprint {
  return {
    first: Math.imul(number + 1, 0x9e3779b1) | 0,
    second: Math.imul(number + 1, 0x85ebca6b) | 0,
    third: number,
  }
}

/** What a cursor reads of a client; undefined where the client is not known. */
export function entryOf(cursor: ClientCursor, number: number): ClientEntry | undefined {
  return cursor.find(fingerprintOf(number)) ? cursor.read() : undefined
}
