import type { KeyMemo } from '../store.ts'
import type { Fingerprint } from './table/key-hash.ts'

/** Where a cursor has found the client of a key, for the memo of the key. */
export class KnownPlace {
  readonly #finder: object
  readonly fingerprint: Fingerprint
  /** Counts while the table has made no more moves. */
  readonly row: number
  readonly moves: number

  /** @param finder the cursor: another one has another table, and another hash */
  constructor(finder: object, { first, second, third }: Fingerprint, row: number, moves: number) {
    this.#finder = finder
    // A copy: the hash overwrites its fingerprint.
    this.fingerprint = { first, second, third }
    this.row = row
    this.moves = moves
  }

  /** Leaves a place in a memo, if there is one. */
  static into(memo: KeyMemo | undefined, ...place: ConstructorParameters<typeof KnownPlace>): void {
    if (memo !== undefined) memo.content = new KnownPlace(...place)
  }

  /** The place that the same cursor has left in a memo. */
  static in(memo: KeyMemo | undefined, finder: object): KnownPlace | undefined {
    const content = memo?.content
    return content instanceof KnownPlace && content.#finder === finder ? content : undefined
  }
}
