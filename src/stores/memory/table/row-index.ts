import type { Fingerprint } from './key-hash.ts'
import { ROW_BITS, type RowStore } from './row-store.ts'

/** Answers that there is no such row. */
export const NO_ROW = -1

/*
 * An entry is the number of a row, plus one, and below 0:
 *
 *     low bits of its home 5 bits | bits of the fingerprint 3 | row + 1, 24
 *
 * The home is the place where it would best stand: its low bits tell how far from there it is. With the other
 * three few rows are looked at in vain, and looking at a row is what takes time.
 */
const ROW_MASK = 2 ** ROW_BITS - 1
const TAG_SHIFT = ROW_BITS
const HOME_SHIFT = TAG_SHIFT + 3
const FURTHEST = 31

/** Keys to a segment when the index is as full as it may be: what one step of growth has to move. */
const KEYS_PER_SEGMENT = 8192

/** Places behind the last home, so that nothing goes round the end; the last of them stays free. */
const SPARE_PLACES = 24

const FEWEST_HOMES = 8
const FULLEST = 0.8
const GROWTH = 1.25
const EMPTIEST = 0.4

/** No segment yet; never written to. */
const NO_PLACES = new Int32Array(SPARE_PLACES)

/**
 * Finds rows by their fingerprints: a hash table in segments, each of which grows and shrinks for itself, so that
 * no step ever moves more than one. In a segment places are probed one by one, and whoever is further from home
 * goes first (Celis, Larson, Munro: "Robin Hood Hashing", FOCS 1985): a search for what is not there ends early,
 * and a removal leaves no gap.
 */
export class RowIndex {
  readonly #rows: RowStore
  readonly #segments: Int32Array[]
  readonly #counts: Uint32Array
  readonly #numberMask: number
  /** Bytes of all segments. */
  bytes = 0

  /** @param mostKeys how many there will be at most: what segments are made for, and no ceiling */
  constructor(rows: RowStore, mostKeys: number) {
    this.#rows = rows
    const segments = 2 ** Math.max(0, Math.ceil(Math.log2(mostKeys / KEYS_PER_SEGMENT)))
    this.#segments = new Array<Int32Array>(segments).fill(NO_PLACES)
    this.#counts = new Uint32Array(segments)
    this.#numberMask = segments - 1
  }

  /** The row that has this fingerprint, or {@link NO_ROW}. */
  find(fingerprint: Fingerprint): number {
    const segment = this.#segmentOf(fingerprint)
    const home = homeOf(fingerprint.first, segment)
    const sought = headOf(fingerprint.second, home)
    for (let place = home; ; place++) {
      const entry = segment[place] ?? 0
      if (entry >>> TAG_SHIFT === sought && entry !== 0) {
        const row = (entry & ROW_MASK) - 1
        if (this.#rows.has(row, fingerprint)) return row
      }
      if (entry === 0 || distanceAt(place, entry) < place - home) return NO_ROW
    }
  }

  /** Notes a row under a fingerprint that has none. */
  insert(fingerprint: Fingerprint, row: number): void {
    const number = this.#numberOf(fingerprint)
    const count = (this.#counts[number] ?? 0) + 1
    let segment = this.#segments[number] ?? NO_PLACES
    while (count > homesIn(segment) * FULLEST || !put(segment, fingerprint, row)) {
      segment = this.#resize(number, Math.max(FEWEST_HOMES, Math.ceil(homesIn(segment) * GROWTH)))
    }
    this.#counts[number] = count
  }

  /** Forgets a row, which is noted under this fingerprint. */
  remove(fingerprint: Fingerprint, row: number): void {
    const number = this.#numberOf(fingerprint)
    const segment = this.#segments[number] ?? NO_PLACES
    closeGap(segment, placeOf(segment, fingerprint, row))
    const count = (this.#counts[number] ?? 0) - 1
    this.#counts[number] = count
    if (count === 0) this.#replace(number, NO_PLACES)
    else if (homesIn(segment) > FEWEST_HOMES && count < homesIn(segment) * EMPTIEST) {
      this.#resize(number, Math.max(FEWEST_HOMES, Math.ceil(count / (FULLEST * FULLEST))))
    }
  }

  /** Notes that a row has got another number. */
  renumber(fingerprint: Fingerprint, row: number, newRow: number): void {
    const segment = this.#segmentOf(fingerprint)
    const place = placeOf(segment, fingerprint, row)
    segment[place] = ((segment[place] ?? 0) & ~ROW_MASK) | (newRow + 1)
  }

  /**
   * Rows that stand where this fingerprint does or would and behind, going round the end: a choice that nobody
   * can foretell.
   *
   * @returns how many they are, at most as many as fit into `into`
   */
  neighbours(fingerprint: Fingerprint, into: Int32Array): number {
    const segment = this.#segmentOf(fingerprint)
    const home = homeOf(fingerprint.first, segment)
    let found = 0
    for (let step = 0; step < segment.length && found < into.length; step++) {
      const entry = segment[(home + step) % segment.length] ?? 0
      if (entry !== 0) into[found++] = (entry & ROW_MASK) - 1
    }
    return found
  }

  clear(): void {
    this.#segments.fill(NO_PLACES)
    this.#counts.fill(0)
    this.bytes = 0
  }

  #numberOf({ second }: Fingerprint): number {
    return second & this.#numberMask
  }

  #segmentOf(fingerprint: Fingerprint): Int32Array {
    return this.#segments[this.#numberOf(fingerprint)] ?? NO_PLACES
  }

  /** Moves a segment into one of that size, or as much larger as it takes. */
  #resize(number: number, homes: number): Int32Array {
    const entries = this.#segments[number] ?? NO_PLACES
    for (let size = homes; ; size = Math.ceil(size * GROWTH)) {
      const resized = new Int32Array(size + SPARE_PLACES)
      if (this.#copy(entries, resized)) return this.#replace(number, resized)
    }
  }

  #copy(from: Int32Array, into: Int32Array): boolean {
    for (const entry of from) {
      const row = (entry & ROW_MASK) - 1
      if (entry !== 0 && !put(into, this.#rows.fingerprintOf(row), row)) return false
    }
    return true
  }

  #replace(number: number, segment: Int32Array): Int32Array {
    this.bytes += bytesOf(segment) - bytesOf(this.#segments[number] ?? NO_PLACES)
    this.#segments[number] = segment
    return segment
  }
}

function bytesOf(segment: Int32Array): number {
  return segment === NO_PLACES ? 0 : segment.byteLength
}

function homesIn(segment: Int32Array): number {
  return segment.length - SPARE_PLACES
}

/** The first word, a fraction of 2^32, scaled to the homes (Lemire: "Fast Random Integer Generation", 2019). */
function homeOf(first: number, segment: Int32Array): number {
  return Math.floor((first >>> 0) * homesIn(segment) * 2 ** -32)
}

/** An entry's upper bits. Segments are told apart by the low bits of the second word, and these are the high. */
function headOf(second: number, home: number): number {
  return ((home & FURTHEST) << 3) | (second >>> 29)
}

/** How far from home an entry stands. */
function distanceAt(place: number, entry: number): number {
  return (place - (entry >>> HOME_SHIFT)) & FURTHEST
}

/** Puts an entry where it belongs, unless others would have to go further than can be told. */
function put(segment: Int32Array, { first, second }: Fingerprint, row: number): boolean {
  const home = homeOf(first, segment)
  let place = home
  while (segment[place] !== 0 && distanceAt(place, segment[place] ?? 0) >= place - home) place++
  let free = place
  while (segment[free] !== 0) {
    if (distanceAt(free, segment[free] ?? 0) === FURTHEST) return false
    free++
  }
  if (free === segment.length - 1 || place - home > FURTHEST) return false
  segment.copyWithin(place + 1, place, free)
  segment[place] = (headOf(second, home) << TAG_SHIFT) | (row + 1)
  return true
}

function placeOf(segment: Int32Array, { first }: Fingerprint, row: number): number {
  let place = homeOf(first, segment)
  while (((segment[place] ?? 0) & ROW_MASK) !== row + 1) place++
  return place
}

/** Moves those behind a place, up to the first one at home, one nearer. */
function closeGap(segment: Int32Array, gap: number): void {
  let end = gap + 1
  while (segment[end] !== 0 && distanceAt(end, segment[end] ?? 0) > 0) end++
  segment.copyWithin(gap, gap + 1, end)
  segment[end - 1] = 0
}
