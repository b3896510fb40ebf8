import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { ALGORITHM_NAMES } from '../../../limits/algorithms.ts'
import type { Limit } from '../../../limits/limit.ts'
import type { MemoryStoreParts } from '../memory-store-parts.ts'
import { FINGERPRINT_WORDS } from '../table/row-store.ts'
import { messageOf } from './file-errors.ts'
import { RowLoader } from './row-loader.ts'
import {
  BLOCK_HEAD_BYTES,
  bytesOf,
  DIGEST,
  DIGEST_BYTES,
  FORMAT,
  HEADER_BYTES,
  readHeader,
  tablesOf,
} from './snapshot-format.ts'

const BYTES_PER_READ = 2 ** 20

/**
 * Loads a file into a store without clients.
 *
 * @returns why the file cannot be used, and the store then has no clients; undefined if it was loaded, or there is none
 */
export function loadSnapshot(path: string, store: MemoryStoreParts): string | undefined {
  try {
    const found = statSync(path, { throwIfNoEntry: false })
    if (found === undefined) return undefined
    if (!found.isFile()) return 'it is not a file'
    const opened = openSync(path, 'r')
    try {
      return loadOpened(new OpenedFile(opened, found.size), store)
    } finally {
      closeSync(opened)
    }
  } catch (error) {
    for (const { table, schemas } of tablesOf(store)) {
      table.expect(0)
      table.clear()
      schemas.clear()
    }
    return messageOf(error)
  }
}

/** Reads nothing but the header before the checksum has shown that the file is whole. */
function loadOpened(file: OpenedFile, store: MemoryStoreParts): string | undefined {
  if (file.size < HEADER_BYTES + DIGEST_BYTES)
    return 'it is not a file of a PersistentMemoryStore, or it is truncated'
  const header = readHeader(file.words(HEADER_BYTES))
  if (!header.isOfStore) return 'it is not a file of a PersistentMemoryStore'
  if (header.format !== FORMAT) {
    return `it has the format ${header.format}, and this version of express-tollgate reads the format ${FORMAT}`
  }
  if (!file.isWhole()) return 'it is damaged or truncated: its checksum is wrong'
  const loaders = tablesOf(store).map((clients) => new RowLoader(clients, header, store))
  const schemasOf = schemaParser(store)
  store.clients.table.expect(header.clients)
  while (file.at < file.size - DIGEST_BYTES) {
    const [table = 0, width = 0, rows = 0, schemaBytes = 0] = file.words(BLOCK_HEAD_BYTES)
    const schemas = schemasOf(bytesOf(file.words(schemaBytes)))
    const words = file.words(4 * width * rows)
    const loader = loaders[table]
    if (loader === undefined || width <= FINGERPRINT_WORDS) throw new Error('it has a block that is none')
    loader.add(words, width, schemas)
  }
  store.clients.table.expect(0)
  for (const hash of store.hashes) hash.secret = header.secret
  if (tablesOf(store).some(({ table }) => table.size > 0)) store.timer.start()
  return undefined
}

/** Parses the schemas of a block. The same text gives the same lists of limits: they are compared by identity. */
function schemaParser({ wallTime }: MemoryStoreParts): (bytes: Uint8Array) => readonly (readonly Limit[])[] {
  const known = new Map<string, readonly (readonly Limit[])[]>()
  return (bytes) => {
    const text = Buffer.from(bytes).toString()
    const schemas =
      known.get(text) ??
      (JSON.parse(text) as readonly (readonly Limit[])[]).map((limits) => wallTime.in(limits))
    if (schemas.flat().some(({ algorithm }) => !ALGORITHM_NAMES.includes(algorithm))) {
      throw new Error('it has a limit with an unknown algorithm')
    }
    known.set(text, schemas)
    return schemas
  }
}

/** A file that is read from the start to the end. */
class OpenedFile {
  readonly #opened: number
  readonly size: number
  at = 0

  constructor(opened: number, size: number) {
    this.#opened = opened
    this.size = size
  }

  /** The next words. */
  words(bytes: number): Int32Array {
    if (bytes < 0 || this.at + bytes > this.size) throw new Error('it is truncated')
    const words = new Int32Array(bytes / 4)
    this.#read(bytesOf(words), this.at)
    this.at += bytes
    return words
  }

  /** Whether the last bytes are the checksum of all others. */
  isWhole(): boolean {
    const digest = createHash(DIGEST)
    const bytes = new Uint8Array(BYTES_PER_READ)
    const end = this.size - DIGEST_BYTES
    for (let at = 0; at < end; at += BYTES_PER_READ) {
      const piece = bytes.subarray(0, Math.min(BYTES_PER_READ, end - at))
      this.#read(piece, at)
      digest.update(piece)
    }
    const kept = new Uint8Array(DIGEST_BYTES)
    this.#read(kept, end)
    return digest.digest().equals(kept)
  }

  #read(into: Uint8Array, position: number): void {
    for (let done = 0; done < into.length; ) {
      const read = readSync(this.#opened, into, done, into.length - done, position + done)
      if (read === 0) throw new Error('it was truncated while it was read')
      done += read
    }
  }
}
