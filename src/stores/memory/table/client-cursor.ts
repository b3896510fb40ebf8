import type { NumberSource } from '../../../limits/algorithm.ts'
import { readBan, writeBan } from '../../../limits/ban.ts'
import type { FixedWindowState } from '../../../limits/fixed-window.ts'
import type { Limit } from '../../../limits/limit.ts'
import type { ClientTable } from '../table/client-table.ts'
import type { Fingerprint, KeyHash } from '../table/key-hash.ts'
import { NO_ROW } from '../table/row-index.ts'
import { type ClientEntry, fullnessOfLimit } from './client-entry.ts'
import { floatAt, putFloat } from './float-words.ts'
import {
  EXPIRY_LOWER,
  expiryOf,
  FULL,
  fitsHead,
  fullnessOf,
  HAS_REFUSALS,
  IS_BANNED,
  IS_WIDE,
  MARKS,
  marksOf,
  NUMBERS,
  ORIGIN_BEFORE_MS,
  type RowHead,
  schemaIdOf,
  withExpiry,
  withFullness,
} from './row-format.ts'
import { NumberReader, NumberWriter } from './row-numbers.ts'
import type { RowSchema, RowSchemas } from './row-schemas.ts'

/** What cursors over the same clients share. Only one of them may write; the others look, and remove. */
export interface ClientRows {
  readonly table: ClientTable
  readonly schemas: RowSchemas
  /** When the store was made, in milliseconds on its clock. */
  readonly createdAtMs: number
}

const NO_WORDS = new Int32Array(0)
const NO_FINGERPRINT: Fingerprint = { first: 0, second: 0, third: 0 }
const LARGEST_WORD = 2 ** 32 - 1

/** Goes from client to client of a {@link ClientTable}, and reads and writes the one that it is at. */
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
  /** The window that was charged in place last. */
  readonly window: { -readonly [Name in keyof FixedWindowState]: FixedWindowState[Name] } = {
    startMs: 0,
    used: 0,
    windowId: 0,
  }

  constructor({ table, schemas, createdAtMs: madeAtMs }: ClientRows) {
    this.#table = table
    this.#schemas = schemas
    this.#originMs = madeAtMs - ORIGIN_BEFORE_MS
  }

  /** Goes to the client of a key. Answers whether there is one; where not, `save` makes it. */
  findKey(key: string, hash: KeyHash): boolean {
    // One client's requests come in bursts, and where no row has moved it is where it was.
    if (key !== this.#key || this.#moves !== this.#table.moves) {
      this.find(hash.of(key))
      this.#key = key
      this.#moves = this.#table.moves
    }
    return this.isKnown
  }

  /** Goes to the client of a fingerprint. Answers whether there is one; where not, `save` makes it. */
  find(fingerprint: Fingerprint): boolean {
    this.#fingerprint = fingerprint
    this.goTo(this.#table.find(fingerprint))
    return this.isKnown
  }

  goTo(row: number): void {
    this.#key = undefined
    this.#row = row
    if (row === NO_ROW) return
    const { rows } = this.#table
    this.#words = rows.wordsOf(row)
    this.#start = rows.startOf(row)
    this.#marks = this.#words[this.#start + MARKS] ?? 0
  }

  /** The fingerprint that was looked for, until the next one is. */
  get fingerprint(): Fingerprint {
    return this.#fingerprint
  }

  get isKnown(): boolean {
    return this.#row !== NO_ROW
  }

  /** Whether the numbers of this schema are all there is of the client. */
  isPlain(schema: RowSchema): boolean {
    return schemaIdOf(this.#marks) === schema.id && (this.#marks & (IS_BANNED | HAS_REFUSALS)) === 0
  }

  get hasBan(): boolean {
    return (this.#marks & IS_BANNED) !== 0
  }

  get fullness(): number {
    return fullnessOf(this.#marks)
  }

  get expiresAtMs(): number {
    if ((this.#marks & IS_WIDE) !== 0) return floatAt(this.#words, this.#start + NUMBERS)
    return expiryOf(this.#marks, this.#words[this.#start + EXPIRY_LOWER] ?? 0) + this.#originMs
  }

  /**
   * Charges the client in place where nothing is to be done but to count: its one limit, a fixed window, is open,
   * admits the charge, and would again. Most charges come to that. Answers false, with nothing changed, otherwise.
   */
  chargeOpenWindow(schema: RowSchema, limit: Limit, nowMs: number, cost: number): boolean {
    if (!schema.isOneWindow || !this.isPlain(schema) || (this.#marks & IS_WIDE) !== 0) return false
    const words = this.#words
    const numbers = this.#start + NUMBERS
    const expiresAtMs = this.expiresAtMs
    const startToExpiryMs = (words[numbers] ?? 0) >>> 0
    const startMs = expiresAtMs - startToExpiryMs
    const used = (words[numbers + 1] ?? 0) >>> 0
    const usedNow = used + cost
    const isOpen = used > 0 && startMs <= nowMs && nowMs < startMs + limit.windowMs
    if (!isOpen || usedNow + cost > limit.limit || usedNow > LARGEST_WORD) return false
    const longerMs = nowMs + limit.ttlMs - expiresAtMs
    if (longerMs > 0 && !this.#extend(startToExpiryMs, expiresAtMs, longerMs)) return false
    words[numbers + 1] = usedNow
    // A division would take as long as all the rest, and is seldom called for.
    const parts = usedNow * FULL
    if (parts >= (this.fullness + 1) * limit.limit || parts < this.fullness * limit.limit) {
      this.#setMarks(withFullness(this.#marks, fullnessOfLimit(limit, limit.limit - usedNow)))
    }
    this.window.startMs = startMs
    this.window.used = usedNow
    this.window.windowId = (words[numbers + 2] ?? 0) >>> 0
    return true
  }

  /** Has the client of one window expire later. Answers false, with nothing changed, where that does not fit. */
  #extend(startToExpiryMs: number, expiresAtMs: number, longerMs: number): boolean {
    const expiry = expiresAtMs + longerMs - this.#originMs
    if (startToExpiryMs + longerMs > LARGEST_WORD || !fitsHead(expiry)) return false
    this.#words[this.#start + NUMBERS] = startToExpiryMs + longerMs
    this.#words[this.#start + EXPIRY_LOWER] = expiry
    this.#setMarks(withExpiry(this.#marks, expiry))
    return true
  }

  #setMarks(marks: number): void {
    this.#marks = marks
    this.#words[this.#start + MARKS] = marks
  }

  /** The client's numbers, from the first. */
  numbers(): NumberSource {
    const start = this.#start + NUMBERS
    if ((this.#marks & IS_WIDE) === 0) this.#reader.openNarrow(this.#words, start, this.expiresAtMs)
    else this.#reader.openWide(this.#words, start + 2)
    return this.#reader
  }

  /** Everything that is known of the client. */
  read(): ClientEntry {
    const schema = this.#schemas.at(schemaIdOf(this.#marks))
    const numbers = this.numbers()
    const states = (schema?.algorithms ?? []).map((algorithm) => algorithm.read(numbers))
    const hasMore = (this.#marks & (IS_BANNED | HAS_REFUSALS)) !== 0
    return {
      limits: schema?.limits ?? [],
      states,
      ban: hasMore ? readBan(numbers, this.hasBan) : undefined,
      expiresAtMs: this.expiresAtMs,
      fullness: this.fullness,
    }
  }

  /** Takes the numbers that {@link save} will write, in the order of the schema. */
  draft(): NumberWriter {
    this.#draft.clear()
    return this.#draft
  }

  /** Writes the client: its head, and the draft of its numbers. */
  save(head: RowHead): void {
    if (head.ban !== undefined) writeBan(head.ban, this.#draft)
    const idBefore = this.isKnown ? schemaIdOf(this.#marks) : undefined
    if (idBefore !== head.schema.id) this.#schemas.retain(head.schema)
    this.#makeRoom(false)
    const expiry = head.expiresAtMs - this.#originMs
    const isNarrow = fitsHead(expiry) && this.#writeNarrow(head.expiresAtMs)
    if (!isNarrow) this.#writeWide(head.expiresAtMs)
    this.#setMarks(isNarrow ? withExpiry(marksOf(head), expiry) : marksOf(head) | IS_WIDE)
    this.#words[this.#start + EXPIRY_LOWER] = isNarrow ? expiry : 0
    if (idBefore !== undefined && idBefore !== head.schema.id) this.#schemas.release(idBefore)
  }

  /** Writes everything that is known of the client. */
  write(entry: ClientEntry): void {
    const schema = this.#schemas.of(entry.limits)
    const draft = this.draft()
    schema.algorithms.forEach((algorithm, index) => {
      const state = entry.states[index]
      if (state !== undefined) algorithm.write(state, draft)
    })
    this.save({ ...entry, schema: schema })
  }

  /** Notes that the client is at its limit. */
  markFull(): void {
    this.#setMarks(withFullness(this.#marks, FULL))
  }

  remove(): void {
    this.#schemas.release(schemaIdOf(this.#marks))
    this.#table.remove(this.#row)
    this.goTo(NO_ROW)
  }

  #makeRoom(isWide: boolean): void {
    const width = NUMBERS + this.#draft.wordsFor(isWide)
    const table = this.#table
    if (!this.isKnown) this.goTo(table.add(this.#fingerprint, width))
    else if (table.rows.widthOf(this.#row) < width) this.goTo(table.resize(this.#row, width))
  }

  #writeNarrow(expiresAtMs: number): boolean {
    return this.#draft.writeNarrow(this.#words, this.#start + NUMBERS, expiresAtMs)
  }

  #writeWide(expiresAtMs: number): void {
    this.#makeRoom(true)
    putFloat(this.#words, this.#start + NUMBERS, expiresAtMs)
    this.#draft.writeWide(this.#words, this.#start + NUMBERS + 2)
  }
}
