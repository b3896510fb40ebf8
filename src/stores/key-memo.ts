/**
 * A place beside a key in which a memory store notes where it has found the client of the key, for the next charge of the
 * same key. The fingerprint is in the memo itself, and not in an object of its own: each object more is a miss of the
 * processor's cache.
 */
export class KeyMemo {
  /** Whose note it is. Another finder has another table, and another hash. Undefined while there is no note. */
  finder: object | undefined = undefined
  /** The fingerprint of the key: three words. */
  first = 0
  second = 0
  third = 0
  /** Counts while the table has made no more moves. */
  row = 0
  moves = 0

  /** Copies the words of a fingerprint: the hash overwrites its own. */
  note(finder: object, fingerprint: Pick<KeyMemo, 'first' | 'second' | 'third'>): void {
    this.finder = finder
    this.first = fingerprint.first
    this.second = fingerprint.second
    this.third = fingerprint.third
  }
}
