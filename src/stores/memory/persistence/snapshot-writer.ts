import { createHash } from 'node:crypto'
import type { ClientRows } from '../client-cursor.ts'
import type { MemoryStoreParts } from '../memory-store-parts.ts'
import { MARKS_AT, schemaIdOf, withSchemaId } from '../table/row-format.ts'
import type { RowSchema } from '../table/row-schemas.ts'
import { rowAt, type SizeClass } from '../table/row-store.ts'
import { bytesOf, DIGEST, headerOf, tablesOf } from './snapshot-format.ts'

/** Words that are copied without a pause, and the most rows: a block lies in one chunk of the table. */
const WORDS_PER_BLOCK = 32_768
const MOST_ROWS_LOG2 = 12

/**
 * The bytes of a store, in pieces. Between two pieces the store may go on. Each client is as it is at one moment
 * between the first piece and the last one. A client that comes during that time may be missing.
 *
 * @returns pieces that the next one may overwrite
 */
export function* snapshotOf(store: MemoryStoreParts): Generator<Uint8Array, void> {
  const digest = createHash(DIGEST)
  for (const piece of piecesOf(store)) {
    digest.update(piece)
    yield piece
  }
  yield digest.digest()
}

function* piecesOf(store: MemoryStoreParts): Generator<Uint8Array, void> {
  yield headerOf(store)
  for (const [table, clients] of tablesOf(store).entries()) yield* blocksOf(table, clients)
}

/**
 * Takes the narrow rows first, and of one width the last ones first. So no client is missed whose row moves: a client
 * gets only wider rows, and only a last row moves, into a gap before it.
 */
function* blocksOf(table: number, clients: ClientRows): Generator<Uint8Array, void> {
  const { sizeClasses } = clients.table.rows
  let sizeClass = narrowestAbove(0, sizeClasses)
  for (; sizeClass !== undefined; sizeClass = narrowestAbove(sizeClass.width, sizeClasses)) {
    const { width } = sizeClass
    const rowsPerBlock =
      2 ** Math.max(0, Math.min(MOST_ROWS_LOG2, Math.floor(Math.log2(WORDS_PER_BLOCK / width))))
    let end = sizeClass.rows
    while (end > 0) {
      const first = Math.floor((end - 1) / rowsPerBlock) * rowsPerBlock
      const { schemas, words } = blockOf(clients, sizeClass, first, end)
      yield bytesOf(Int32Array.of(table, width, end - first, schemas.length))
      yield schemas
      yield bytesOf(words)
      end = Math.min(first, sizeClass.rows)
    }
  }
}

function narrowestAbove(width: number, sizeClasses: readonly SizeClass[]): SizeClass | undefined {
  return sizeClasses
    .filter((sizeClass) => sizeClass.width > width)
    .sort((one, other) => one.width - other.width)[0]
}

/** A copy of the rows from `first` up to `end`, and their schemas as text. */
function blockOf(
  { table: { rows }, schemas }: ClientRows,
  sizeClass: SizeClass,
  first: number,
  end: number,
): { readonly schemas: Uint8Array; readonly words: Int32Array } {
  const { width } = sizeClass
  const row = rowAt(sizeClass, first)
  const start = rows.startOf(row)
  const words = rows.wordsOf(row).slice(start, start + (end - first) * width)
  const ids = new Map<RowSchema | undefined, number>()
  for (let at = MARKS_AT; at < words.length; at += width) {
    const marks = words[at] ?? 0
    const schema = schemas.at(schemaIdOf(marks))
    const id = ids.get(schema) ?? ids.size
    ids.set(schema, id)
    words[at] = withSchemaId(marks, id)
  }
  const text = JSON.stringify([...ids.keys()].map((schema) => schema?.limits ?? []))
  const length = Buffer.byteLength(text)
  return { schemas: Buffer.from(text + ' '.repeat(-length & 3)), words }
}
