import type { FixedWindowState } from '../../../../src/limits/fixed-window.ts'
import type { Limit } from '../../../../src/limits/limit.ts'
import type { ClientCursor, Clients } from '../../../../src/stores/memory/clients/client-cursor.ts'
import { Layouts } from '../../../../src/stores/memory/clients/layouts.ts'
import type { MemoryEntry } from '../../../../src/stores/memory/clients/memory-entry.ts'
import { ClientTable } from '../../../../src/stores/memory/table/client-table.ts'
import type { Fingerprint } from '../../../../src/stores/memory/table/key-hash.ts'
import { limitOf } from '../../charges.ts'
import { MADE_AT_MS } from './some-entries.ts'

export const LIMITS: readonly Limit[] = [limitOf(10)]
export const WINDOW: FixedWindowState = { startMs: MADE_AT_MS + 5, used: 3, windowId: 7 }

/** A client of one fixed window. */
export function windowEntry(
  overrides: Partial<MemoryEntry> = {},
  state: Partial<FixedWindowState> = {},
): MemoryEntry {
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
export function noClients(madeAtMs: number = MADE_AT_MS): Clients {
  return { table: new ClientTable(1000), layouts: new Layouts(), madeAtMs }
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
export function entryOf(cursor: ClientCursor, number: number): MemoryEntry | undefined {
  return cursor.find(fingerprintOf(number)) ? cursor.read() : undefined
}
