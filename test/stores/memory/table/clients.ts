import type { FixedWindowState } from '../../../../src/limits/fixed-window.ts'
import type { Limit } from '../../../../src/limits/limit.ts'
import type { ClientCursor, ClientRows } from '../../../../src/stores/memory/table/client-cursor.ts'
import type { ClientEntry } from '../../../../src/stores/memory/table/client-entry.ts'
import { ClientTable } from '../../../../src/stores/memory/table/client-table.ts'
import type { Fingerprint } from '../../../../src/stores/memory/table/key-hash.ts'
import { RowSchemas } from '../../../../src/stores/memory/table/row-schemas.ts'
import { limitOf } from '../../../support/charges.ts'
import { MADE_AT_MS } from './some-entries.ts'

export const LIMITS: readonly Limit[] = [limitOf(10)]
export const WINDOW: FixedWindowState = { startMs: MADE_AT_MS + 5, used: 3, windowId: 7 }

/** A client of one fixed window. */
export function windowEntry(
  overrides: Partial<ClientEntry> = {},
  state: Partial<FixedWindowState> = {},
): ClientEntry {
  return {
    limits: LIMITS,
    states: [{ ...WINDOW, ...state }],
    ban: undefined,
    expiresAtMs: MADE_AT_MS + 90_000,
    fullness: 9,
    ...overrides,
  }
}

/** Clients of a store that was just made. */
export function noClients(madeAtMs: number = MADE_AT_MS): ClientRows {
  return { table: new ClientTable(1000), schemas: new RowSchemas(), createdAtMs: madeAtMs }
}

/** A fingerprint for each number, far from one another. */
export function fingerprintOf(number: number): Fingerprint {
  return {
    first: Math.imul(number + 1, 0x9e3779b1) | 0,
    second: Math.imul(number + 1, 0x85ebca6b) | 0,
    third: number,
  }
}

/** What a cursor reads of a client; undefined when there is none. */
export function entryOf(cursor: ClientCursor, number: number): ClientEntry | undefined {
  return cursor.find(fingerprintOf(number)) ? cursor.read() : undefined
}
