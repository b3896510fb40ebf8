/*
 * Finds the row of a fingerprint, by a hash table in segments. Each segment grows and shrinks by itself, so that
 * no step moves more than the entries of one segment.
 *
 * A segment is an array of slots. The slot where an entry would best be is its home. Entries are probed slot by slot
 * from the home on, and the entry that is further from its home goes first (Celis, Larson, Munro: "Robin Hood
 * Hashing", FOCS 1985). A search for a missing entry ends early, and a removal leaves no gap.
 */
import type { Fingerprint } from './key-hash.ts'
import { ROW_BITS, type RowStore } from './row-store.ts'

/** In the place of a row number: there is no such row. */
export const NO_ROW = -1

/*
 * An entry is one word; an empty slot is 0:
 *
 *     low bits of the home 5 bits | bits of the fingerprint 3 | row + 1, 24
 *
 * The low bits of the home show how far from home the entry is. The three bits of the fingerprint spare most
 * comparisons with a row of another client: looking at a row is what takes time.
 */
const ROW_MASK = 2 ** ROW_BITS - 1
const TAG_SHIFT = ROW_BITS
const HOME_SHIFT = TAG_SHIFT + 3
const LARGEST_DISTANCE = 31

/** Keys of a segment when the index is as full as it may be: the most that one step of growth moves. */
const KEYS_PER_SEGMENT = 8192

/** Slots after the last home, so that no probe wraps around the end. The last of them always stays empty. */
const SPARE_SLOTS = 24

const FEWEST_HOMES = 8
/** The largest and the smallest share of the homes that may be in use. */
const FULLEST = 0.8
const EMPTIEST = 0.4
const GROWTH = 1.25

/** Takes the place of a segment without entries. Never written to. */
const NO_SLOTS = new Int32Array(SPARE_SLOTS)

export class RowIndex {
  readonly #rows: RowStore
  readonly #segments: Int32Array[]
  readonly #counts: Uint32Array
  readonly #numberMask: number
  /** Homes that a segment gets at least. */
  #fewestHomes = FEWEST_HOMES
  /** Bytes of all segments. */
  bytes = 0

  /** @param mostKeys how many keys are expected at most: the number of segments, and not a ceiling */
  constructor(rows: RowStore, mostKeys: number) {
    this.#rows = rows
    const segments = 2 ** Math.max(0, Math.ceil(Math.log2(mostKeys / KEYS_PER_SEGMENT)))
    this.#segments = new Array<Int32Array>(segments).fill(NO_SLOTS)
    this.#counts = new Uint32Array(segments)
    this.#numberMask = segments - 1
  }

  /** From now on a segment has room for its part of so many keys as soon as it has one. 0 ends that. */
  expect(keys: number): void {
    const homes = Math.ceil(keys / this.#segments.length / (FULLEST * FULLEST))
    this.#fewestHomes = Math.max(FEWEST_HOMES, homes)
  }

  /** The row with this fingerprint, or {@link NO_ROW}. */
  find(fingerprint: Fingerprint): number {
    const segment = this.#segmentOf(fingerprint)
    const home = homeOf(fingerprint.first, segment)
    const sought = upperBitsOf(fingerprint.second, home)
    for (let slot = home; ; slot++) {
      const entry = segment[slot] ?? 0
      if (entry >>> TAG_SHIFT === sought && entry !== 0) {
        const row = (entry & ROW_MASK) - 1
        if (this.#rows.has(row, fingerprint)) return row
      }
      if (entry === 0 || distanceAt(slot, entry) < slot - home) return NO_ROW
    }
  }

  /** Adds an entry for the row of a fingerprint that has no entry. */
  insert(fingerprint: Fingerprint, row: number): void {
    const number = this.#numberOf(fingerprint)
    const count = (this.#counts[number] ?? 0) + 1
    let segment = this.#segments[number] ?? NO_SLOTS
    while (count > homesIn(segment) * FULLEST || !put(segment, fingerprint, row)) {
      segment = this.#resize(number, Math.max(this.#fewestHomes, Math.ceil(homesIn(segment) * GROWTH)))
    }
    this.#counts[number] = count
  }

  /** Removes the entry of a row, which has this fingerprint. */
  remove(fingerprint: Fingerprint, row: number): void {
    const number = this.#numberOf(fingerprint)
    const segment = this.#segments[number] ?? NO_SLOTS
    closeGap(segment, slotOf(segment, fingerprint, row))
    const count = (this.#counts[number] ?? 0) - 1
    this.#counts[number] = count
    if (count === 0) this.#replace(number, NO_SLOTS)
    else if (homesIn(segment) > FEWEST_HOMES && count < homesIn(segment) * EMPTIEST) {
      this.#resize(number, Math.max(FEWEST_HOMES, Math.ceil(count / (FULLEST * FULLEST))))
    }
  }

  /** Gives an entry another row number. */
  renumber(fingerprint: Fingerprint, row: number, newRow: number): void {
    const segment = this.#segmentOf(fingerprint)
    const slot = slotOf(segment, fingerprint, row)
    segment[slot] = ((segment[slot] ?? 0) & ~ROW_MASK) | (newRow + 1)
  }

  /**
   * Writes rows to `into`: those in the slots from the home of this fingerprint on, and after the last slot those
   * from the first slot on. Nobody can predict which rows they are.
   *
   * @returns how many rows were written
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
    this.#segments.fill(NO_SLOTS)
    this.#counts.fill(0)
    this.bytes = 0
  }

  #numberOf({ second }: Fingerprint): number {
    return second & this.#numberMask
  }

  #segmentOf(fingerprint: Fingerprint): Int32Array {
    return this.#segments[this.#numberOf(fingerprint)] ?? NO_SLOTS
  }

  /** Moves the entries of a segment to a new one with so many homes, or with as many more as they need. */
  #resize(number: number, homes: number): Int32Array {
    const entries = this.#segments[number] ?? NO_SLOTS
    for (let size = homes; ; size = Math.ceil(size * GROWTH)) {
      const resized = new Int32Array(size + SPARE_SLOTS)
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
    this.bytes += bytesOf(segment) - bytesOf(this.#segments[number] ?? NO_SLOTS)
    this.#segments[number] = segment
    return segment
  }
}

function bytesOf(segment: Int32Array): number {
  return segment === NO_SLOTS ? 0 : segment.byteLength
}

function homesIn(segment: Int32Array): number {
  return segment.length - SPARE_SLOTS
}

/** The first word, as a fraction of 2^32, times the homes (Lemire: "Fast Random Integer Generation", 2019). */
function homeOf(first: number, segment: Int32Array): number {
  return Math.floor((first >>> 0) * homesIn(segment) * 2 ** -32)
}

/** The upper bits of an entry. They use the high bits of the second word; its low bits choose the segment. */
function upperBitsOf(second: number, home: number): number {
  return ((home & LARGEST_DISTANCE) << 3) | (second >>> 29)
}

/** How many slots an entry is from its home. */
function distanceAt(slot: number, entry: number): number {
  return (slot - (entry >>> HOME_SHIFT)) & LARGEST_DISTANCE
}

/**
 * Puts an entry into its slot, and moves the entries after it. Returns false, with nothing changed, where an entry
 * would be more than {@link LARGEST_DISTANCE} slots from home, or where the segment ends.
 */
function put(segment: Int32Array, { first, second }: Fingerprint, row: number): boolean {
  const home = homeOf(first, segment)
  let slot = home
  while (segment[slot] !== 0 && distanceAt(slot, segment[slot] ?? 0) >= slot - home) slot++
  let free = slot
  while (segment[free] !== 0) {
    if (distanceAt(free, segment[free] ?? 0) === LARGEST_DISTANCE) return false
    free++
  }
  if (free === segment.length - 1 || slot - home > LARGEST_DISTANCE) return false
  segment.copyWithin(slot + 1, slot, free)
  segment[slot] = (upperBitsOf(second, home) << TAG_SHIFT) | (row + 1)
  return true
}

function slotOf(segment: Int32Array, { first }: Fingerprint, row: number): number {
  let slot = homeOf(first, segment)
  while (((segment[slot] ?? 0) & ROW_MASK) !== row + 1) slot++
  return slot
}

/** Moves the entries after a gap one slot nearer to their homes, up to the first entry that is at home. */
function closeGap(segment: Int32Array, gap: number): void {
  let end = gap + 1
  while (segment[end] !== 0 && distanceAt(end, segment[end] ?? 0) > 0) end++
  segment.copyWithin(gap, gap + 1, end)
  segment[end - 1] = 0
}
