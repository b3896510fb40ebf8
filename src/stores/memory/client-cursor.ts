/*
 * Reads and writes the clients of a table, one at a time. Only this file and persistence/ know that a client is a row
 * of 32-bit words, which moves and grows (table/).
 */
import type { NumberSource } from '../../limits/algorithm.ts'
import { readBan, writeBan } from '../../limits/ban.ts'
import type { KeyMemo } from '../key-memo.ts'
import type { ClientEntry } from './client-entry.ts'
import type { ClientTable } from './table/client-table.ts'
import type { Fingerprint, KeyHash } from './table/key-hash.ts'
import {
  BANNED_MASK,
  EXPIRY_LOWER_AT,
  expiryOf,
  fitsHead,
  LARGEST_WORD,
  MARKS_AT,
  marksOf,
  NUMBERS_AT,
  ORIGIN_BEFORE_MS,
  REFUSALS_MASK,
  type RowHead,
  refusedCostOf,
  schemaIdOf,
  WIDE_MASK,
  withExpiry,
  withRefusedCost,
} from './table/row-format.ts'
import { NO_ROW } from './table/row-index.ts'
import { NumberReader, NumberWriter, readDouble, writeDouble } from './table/row-numbers.ts'
import type { RowSchema, RowSchemas } from './table/row-schemas.ts'

/** What all cursors over the same clients share. Only one of the cursors may write; the others read and remove. */
export interface ClientRows {
  readonly table: ClientTable
  readonly schemas: RowSchemas
  /** When the store was created, in milliseconds on its clock. */
  readonly createdAtMs: number
}

const NO_WORDS = new Int32Array(0)
const NO_FINGERPRINT: Fingerprint = { first: 0, second: 0, third: 0 }

/** Points at one client of a {@link ClientTable}, or at none. All members but the finders concern that client. */
export class ClientCursor {
  readonly #table: ClientTable
  readonly #schemas: RowSchemas
  readonly #originMs: number
  readonly #draft = new NumberWriter()
  readonly #reader = new NumberReader()
  #key: string | undefined
  #moves = 0
  #fingerprint = NO_FINGERPRINT
  #row = NO_ROW
  #words: Int32Array = NO_WORDS
  #start = 0
  #marks = 0

  constructor({ table, schemas, createdAtMs }: ClientRows) {
    this.#table = table
    this.#schemas = schemas
    this.#originMs = createdAtMs - ORIGIN_BEFORE_MS
  }

  /** As `find`, by a key. A memo of the key spares the hash, and the search while no row has moved. */
  findKey(key: string, hash: KeyHash, memo?: KeyMemo): boolean {
    const { moves } = this.#table
    if (memo !== undefined) {
      const isNoted = memo.finder === this
      if (!isNoted) memo.note(this, hash.of(key))
      this.#fingerprint = memo
      this.goTo(isNoted && memo.moves === moves ? memo.row : this.#table.find(memo))
      memo.row = this.#row
      memo.moves = moves
    } else if (key !== this.#key || moves !== this.#moves) {
      // Charges of one key come in bursts. While no row has moved, the cursor still points at its client.
      this.find(hash.of(key))
      this.#key = key
      this.#moves = moves
    }
    return this.isKnown
  }

  /** Points at the client of a fingerprint. Returns whether it is known; where it is not, `save` adds it. */
  find(fingerprint: Fingerprint): boolean {
    this.#fingerprint = fingerprint
    this.goTo(this.#table.find(fingerprint))
    return this.isKnown
  }

  /** Points at the client of a row, or at none where the row is {@link NO_ROW}. */
  goTo(row: number): void {
    this.#key = undefined
    this.#row = row
    if (row === NO_ROW) return
    const { rows } = this.#table
    this.#words = rows.wordsOf(row)
    this.#start = rows.startOf(row)
    this.#marks = this.#words[this.#start + MARKS_AT] ?? 0
  }

  /** The fingerprint of the latest `find` or `findKey`. */
  get fingerprint(): Fingerprint {
    return this.#fingerprint
  }

  get isKnown(): boolean {
    return this.#row !== NO_ROW
  }

  /** Whether the client has the numbers of this schema, and neither a ban nor refusals. */
  holdsOnly(schema: RowSchema): boolean {
    return schemaIdOf(this.#marks) === schema.id && (this.#marks & (BANNED_MASK | REFUSALS_MASK)) === 0
  }

  get hasBan(): boolean {
    return (this.#marks & BANNED_MASK) !== 0
  }

  /** The cost of the latest charge where it was refused, rounded down by `keptCost`; 0 where it was allowed. */
  get refusedCost(): number {
    return refusedCostOf(this.#marks)
  }

  setRefusedCost(cost: number): void {
    this.#setMarks(withRefusedCost(this.#marks, cost))
  }

  get expiresAtMs(): number {
    if ((this.#marks & WIDE_MASK) !== 0) return readDouble(this.#words, this.#start + NUMBERS_AT)
    return expiryOf(this.#marks, this.#words[this.#start + EXPIRY_LOWER_AT] ?? 0) + this.#originMs
  }

  /** Whether `holdsOnly` is true and the row is narrow: only then the next four members may be used. */
  isNarrowRowOf(schema: RowSchema): boolean {
    const others = BANNED_MASK | REFUSALS_MASK | WIDE_MASK
    return schemaIdOf(this.#marks) === schema.id && (this.#marks & others) === 0
  }

  /** A number as its word holds it: an amount, or the time from an instant to the expiry. */
  numberAt(index: number): number {
    return (this.#words[this.#start + NUMBERS_AT + index] ?? 0) >>> 0
  }

  /** @param value whole, from 0 to {@link LARGEST_WORD} */
  setNumberAt(index: number, value: number): void {
    this.#words[this.#start + NUMBERS_AT + index] = value
  }

  /** Whether a narrow row can hold an expiry, and an instant before it. */
  fitsNarrow(instantMs: number, expiresAtMs: number): boolean {
    return expiresAtMs - instantMs <= LARGEST_WORD && fitsHead(expiresAtMs - this.#originMs)
  }

  /** Changes the expiry only. Instants are kept as the time to the expiry, so they must be written again. */
  setExpiry(expiresAtMs: number): void {
    const expiry = expiresAtMs - this.#originMs
    this.#words[this.#start + EXPIRY_LOWER_AT] = expiry
    this.#setMarks(withExpiry(this.#marks, expiry))
  }

  /** All numbers of the client, from the first one on. */
  numbers(): NumberSource {
    const start = this.#start + NUMBERS_AT
    if ((this.#marks & WIDE_MASK) === 0) this.#reader.openNarrow(this.#words, start, this.expiresAtMs)
    else this.#reader.openWide(this.#words, start + 2)
    return this.#reader
  }

  /** Everything that is known of the client. */
  read(): ClientEntry {
    const schema = this.#schemas.at(schemaIdOf(this.#marks))
    const numbers = this.numbers()
    const states = (schema?.algorithms ?? []).map((algorithm) => algorithm.read(numbers))
    const hasMore = (this.#marks & (BANNED_MASK | REFUSALS_MASK)) !== 0
    return {
      limits: schema?.limits ?? [],
      states,
      ban: hasMore ? readBan(numbers, this.hasBan) : undefined,
      expiresAtMs: this.expiresAtMs,
      refusedCost: this.refusedCost,
    }
  }

  /** The numbers that {@link save} writes: the states of the limits, in the order of the schema. */
  get draft(): NumberWriter {
    return this.#draft
  }

  /** The draft, without any number. */
  newDraft(): NumberWriter {
    this.#draft.clear()
    return this.#draft
  }

  /** Writes the client, with the numbers of the draft. Adds it where it is not known. */
  save(head: RowHead): void {
    if (head.ban !== undefined) writeBan(head.ban, this.#draft)
    const idBefore = this.isKnown ? schemaIdOf(this.#marks) : undefined
    if (idBefore !== head.schema.id) this.#schemas.retain(head.schema)
    this.#fitRow(false)
    const expiry = head.expiresAtMs - this.#originMs
    const isNarrow = fitsHead(expiry) && this.#writeNarrow(head.expiresAtMs)
    if (!isNarrow) this.#writeWide(head.expiresAtMs)
    this.#setMarks(isNarrow ? withExpiry(marksOf(head), expiry) : marksOf(head) | WIDE_MASK)
    this.#words[this.#start + EXPIRY_LOWER_AT] = isNarrow ? expiry : 0
    if (idBefore !== undefined && idBefore !== head.schema.id) this.#schemas.release(idBefore)
  }

  /** Writes everything that is known of the client. Adds it where it is not known. */
  write(entry: ClientEntry): void {
    const schema = this.#schemas.use(entry.limits)
    const draft = this.newDraft()
    schema.algorithms.forEach((algorithm, index) => {
      const state = entry.states[index]
      if (state !== undefined) algorithm.write(state, draft)
    })
    this.save({ ...entry, schema })
  }

  /** Forgets the client, and points at none. */
  remove(): void {
    this.#schemas.release(schemaIdOf(this.#marks))
    this.#table.remove(this.#row)
    this.goTo(NO_ROW)
  }

  #setMarks(marks: number): void {
    this.#marks = marks
    this.#words[this.#start + MARKS_AT] = marks
  }

  /** Gives the client a row that has enough words for the draft. */
  #fitRow(isWide: boolean): void {
    const width = NUMBERS_AT + this.#draft.wordsFor(isWide)
    const table = this.#table
    if (!this.isKnown) this.goTo(table.add(this.#fingerprint, width))
    else if (table.rows.widthOf(this.#row) < width) this.goTo(table.resize(this.#row, width))
  }

  #writeNarrow(expiresAtMs: number): boolean {
    return this.#draft.writeNarrow(this.#words, this.#start + NUMBERS_AT, expiresAtMs)
  }

  #writeWide(expiresAtMs: number): void {
    this.#fitRow(true)
    writeDouble(this.#words, this.#start + NUMBERS_AT, expiresAtMs)
    this.#draft.writeWide(this.#words, this.#start + NUMBERS_AT + 2)
  }
}
