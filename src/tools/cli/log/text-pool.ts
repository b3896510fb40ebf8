import { RecentMap } from '../../../client/recent-map.ts'

/** Enough for logs in which most clients come again before so many other texts were seen. */
const CAPACITY = 20_000

/**
 * Copies texts, and gives equal texts the same copy. A text that was cut from a line keeps the whole block of
 * the file in memory: one address that is kept until the end of the log would keep a quarter of a megabyte.
 */
export class TextPool {
  readonly #copies = new RecentMap<string>(CAPACITY)

  copyOf(text: string): string {
    const known = this.#copies.get(text)
    if (known !== undefined) return known
    const copy = Buffer.from(text, 'latin1').toString('latin1')
    this.#copies.set(copy, copy)
    return copy
  }
}
