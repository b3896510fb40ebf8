/*
 * The bytes of a saved store, as 32-bit words of the machine:
 *
 *     header   "tollgate" 2 words | format 1 | clients 1 | secret of the hash 8 | origin of the expiries 2 | clock offset 2
 *     blocks   table 1 | width of a row 1 | rows 1 | bytes of the schemas 1, then the schemas, then the rows
 *     end      SHA-256 of everything before it, 8
 *
 * The number of clients is that at the start of the save. A row is as in memory (../table/row-format.ts), but its schema
 * id is an index of the schemas of its block: a JSON array of lists of limits, with spaces up to a whole word. A client
 * that was moved during the save can be in two blocks. The later one holds.
 *
 * The origin is a time on the clock of the store that was saved. The offset turns times on that clock into wall time.
 */
import { monotonicClock } from '../../monotonic-clock.ts'
import type { ClientRows } from '../client-cursor.ts'
import type { MemoryStoreParts } from '../memory-store-parts.ts'
import { ORIGIN_BEFORE_MS } from '../table/row-format.ts'
import { readDouble, writeDouble } from '../table/row-numbers.ts'

/** To be raised with every change of this format, of rows, or of the numbers that an algorithm writes. */
export const FORMAT = 1

/** The tables of a store, by their number in a block. */
export function tablesOf({ clients, overflow }: MemoryStoreParts): readonly ClientRows[] {
  return [clients, overflow]
}

/**
 * Milliseconds to add to a time of a store to get the wall time. A clock that was given is taken for one that goes on
 * when the process ends, as `Date` does.
 */
export function clockOffsetOf({ clock }: MemoryStoreParts): number {
  return clock === monotonicClock ? Math.round(Date.now() - clock.now()) : 0
}

export const HEADER_BYTES = 64
export const BLOCK_HEAD_BYTES = 16
export const DIGEST_BYTES = 32
export const DIGEST = 'sha256'

const [MAGIC_AT, FORMAT_AT, CLIENTS_AT, SECRET_AT, ORIGIN_AT, OFFSET_AT, HEADER_WORDS] = [
  0, 2, 3, 4, 12, 14, 16,
] as const
const MAGIC = Buffer.from('tollgate')

export function headerOf(store: MemoryStoreParts): Uint8Array {
  const words = new Int32Array(HEADER_WORDS)
  const bytes = bytesOf(words)
  bytes.set(MAGIC, MAGIC_AT)
  words[FORMAT_AT] = FORMAT
  words[CLIENTS_AT] = store.clients.table.size
  words.set(store.hashes[0].secret, SECRET_AT)
  writeDouble(words, ORIGIN_AT, store.clients.createdAtMs - ORIGIN_BEFORE_MS)
  writeDouble(words, OFFSET_AT, clockOffsetOf(store))
  return bytes
}

export interface Header {
  readonly isOfStore: boolean
  readonly format: number
  readonly clients: number
  readonly secret: Int32Array
  readonly originMs: number
  readonly clockOffsetMs: number
}

export function readHeader(words: Int32Array): Header {
  return {
    isOfStore: MAGIC.equals(bytesOf(words).subarray(MAGIC_AT, MAGIC.length)),
    format: words[FORMAT_AT] ?? 0,
    clients: words[CLIENTS_AT] ?? 0,
    secret: words.slice(SECRET_AT, ORIGIN_AT),
    originMs: readDouble(words, ORIGIN_AT),
    clockOffsetMs: readDouble(words, OFFSET_AT),
  }
}

export function bytesOf({ buffer, byteOffset, byteLength }: Int32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}
