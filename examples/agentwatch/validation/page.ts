import type { Fields } from './fields.ts'

/** The requested part of a list. */
export interface Page {
  readonly limit: number
  readonly offset: number
}

/** A part of a list, and the length of the whole list. */
export interface PageOf<Item> extends Page {
  readonly items: readonly Item[]
  readonly total: number
}

/** The page of a query: `limit` from 1 to 200, 50 by default, and `offset`. */
export function readPage(query: Fields): Page {
  return {
    limit: query.wholeNumber('limit', { least: 1, most: 200, fallback: 50 }),
    offset: query.wholeNumber('offset', { least: 0, most: 1_000_000, fallback: 0 }),
  }
}

/** The items of a page, each converted by `show`. */
export function pageOf<Item, Shown>(
  items: readonly Item[],
  { limit, offset }: Page,
  show: (item: Item) => Shown,
): PageOf<Shown> {
  return { items: items.slice(offset, offset + limit).map(show), total: items.length, limit, offset }
}
