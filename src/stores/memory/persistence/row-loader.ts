import type { NumberSource } from '../../../limits/algorithm.ts'
import { readBan } from '../../../limits/ban.ts'
import type { Limit } from '../../../limits/limit.ts'
import type { Ceiling } from '../capacity/ceiling.ts'
import { ClientCursor, type ClientRows } from '../client-cursor.ts'
import type { MemoryStoreParts } from '../memory-store-parts.ts'
import type { Fingerprint } from '../table/key-hash.ts'
import {
  BANNED_MASK,
  EXPIRY_LOWER_AT,
  expiryOf,
  fitsHead,
  MARKS_AT,
  NUMBERS_AT,
  ORIGIN_BEFORE_MS,
  REFUSALS_MASK,
  refusedCostOf,
  schemaIdOf,
  WIDE_MASK,
  withExpiry,
  withSchemaId,
} from '../table/row-format.ts'
import { NO_ROW } from '../table/row-index.ts'
import { NumberReader, readDouble } from '../table/row-numbers.ts'
import { FINGERPRINT_WORDS } from '../table/row-store.ts'
import { clockOffsetOf, type Header } from './snapshot-format.ts'

/** Adds rows of a file to a table, with their times on the clock of the store. */
export class RowLoader {
  readonly #clients: ClientRows
  readonly #cursor: ClientCursor
  readonly #reader = new NumberReader()
  /** Undefined for a table without a ceiling. */
  readonly #ceiling: Ceiling | undefined
  readonly #nowMs: number
  readonly #fileOriginMs: number
  readonly #originMs: number
  /** From the clock of the file to that of the store. */
  readonly #shiftMs: number

  constructor(clients: ClientRows, header: Header, store: MemoryStoreParts) {
    this.#clients = clients
    this.#cursor = new ClientCursor(clients)
    this.#ceiling = clients === store.clients ? store.ceiling : undefined
    this.#nowMs = store.now()
    this.#fileOriginMs = header.originMs
    this.#originMs = clients.createdAtMs - ORIGIN_BEFORE_MS
    this.#shiftMs = header.clockOffsetMs - clockOffsetOf(store)
  }

  /** @param schemas the limits of each schema, by its id in the rows */
  add(words: Int32Array, width: number, schemas: readonly (readonly Limit[])[]): void {
    for (let start = 0; start < words.length; start += width) {
      const marks = words[start + MARKS_AT] ?? 0
      const limits = schemas[schemaIdOf(marks)]
      if (limits === undefined) throw new Error('it has a client without a schema')
      const fileExpiryMs = this.#fileExpiryMs(words, start, marks)
      const expiresAtMs = fileExpiryMs + this.#shiftMs
      if (expiresAtMs <= this.#nowMs) continue
      const fingerprint = fingerprintAt(words, start)
      if (!this.#makeRoom(fingerprint, marks)) continue
      const expiry = expiresAtMs - this.#originMs
      const isCopied = (marks & WIDE_MASK) === 0 && fitsHead(expiry)
      if (isCopied) {
        const schema = this.#clients.schemas.use(limits)
        this.#clients.schemas.retain(schema)
        words[start + MARKS_AT] = withExpiry(withSchemaId(marks, schema.id), expiry)
        words[start + EXPIRY_LOWER_AT] = expiry
        this.#copy(words, start, width, fingerprint)
      } else this.#convert(words.subarray(start, start + width), fingerprint, limits, fileExpiryMs)
    }
  }

  #fileExpiryMs(words: Int32Array, start: number, marks: number): number {
    if ((marks & WIDE_MASK) !== 0) return readDouble(words, start + NUMBERS_AT)
    return expiryOf(marks, words[start + EXPIRY_LOWER_AT] ?? 0) + this.#fileOriginMs
  }

  /** Where there are more clients than the store may have, it forgets those that it would forget for a new client. */
  #makeRoom(fingerprint: Fingerprint, marks: number): boolean {
    const { table } = this.#clients
    const known = table.find(fingerprint)
    if (known !== NO_ROW) {
      this.#cursor.goTo(known)
      this.#cursor.remove()
    }
    const ceiling = this.#ceiling
    if (ceiling === undefined || !ceiling.isFull) return true
    if ((marks & BANNED_MASK) !== 0) ceiling.makeRoomForBlock(fingerprint, this.#nowMs)
    else if (!ceiling.makeRoom(fingerprint, this.#nowMs)) {
      ceiling.unexpiredEvictions++
      return false
    }
    return true
  }

  /** A narrow row keeps its times as distances to the expiry: only the expiry depends on the clock. */
  #copy(words: Int32Array, start: number, width: number, fingerprint: Fingerprint): void {
    const { table } = this.#clients
    const row = table.add(fingerprint, width)
    const into = table.rows.wordsOf(row)
    const to = table.rows.startOf(row)
    // Word by word: a view of the row takes longer than its few words.
    for (let word = FINGERPRINT_WORDS; word < width; word++) into[to + word] = words[start + word] ?? 0
  }

  #convert(row: Int32Array, fingerprint: Fingerprint, limits: readonly Limit[], fileExpiryMs: number): void {
    const marks = row[MARKS_AT] ?? 0
    const numbers = this.#shifted(row, marks, fileExpiryMs)
    const { algorithms } = this.#clients.schemas.use(limits)
    const states = algorithms.map((algorithm) => algorithm.read(numbers))
    const hasMore = (marks & (BANNED_MASK | REFUSALS_MASK)) !== 0
    this.#cursor.find(fingerprint)
    this.#cursor.write({
      limits,
      states,
      ban: hasMore ? readBan(numbers, (marks & BANNED_MASK) !== 0) : undefined,
      expiresAtMs: fileExpiryMs + this.#shiftMs,
      refusedCost: refusedCostOf(marks),
    })
  }

  /** The numbers of a row of the file, with instants on the clock of the store. */
  #shifted(row: Int32Array, marks: number, fileExpiryMs: number): NumberSource {
    const reader = this.#reader
    if ((marks & WIDE_MASK) !== 0) reader.openWide(row, NUMBERS_AT + 2)
    else reader.openNarrow(row, NUMBERS_AT, fileExpiryMs)
    return { instant: () => reader.instant() + this.#shiftMs, amount: () => reader.amount() }
  }
}

function fingerprintAt(words: Int32Array, start: number): Fingerprint {
  return { first: words[start] ?? 0, second: words[start + 1] ?? 0, third: words[start + 2] ?? 0 }
}
