import { RecentMap } from '../../../client/recent-map.ts'

/** Texts remembered; clients come back within that many others, mostly. */
const MOST_REMEMBERED = 20_000

/**
 * Gives back texts as copies of their own. A piece of a line keeps the whole block of the file alive that it was
 * cut from: one address that is remembered for the length of a log would hold a quarter of a megabyte.
 */
export class TextPool {
  readonly #copies = new RecentMap<string>(MOST_REMEMBERED)

  of(text: string): string {
    const known = this.#copies.get(text)
    if (known !== undefined) return known
    const copy = Buffer.from(text, 'latin1').toString('latin1')
    this.#copies.set(copy, copy)
    return copy
  }
}
