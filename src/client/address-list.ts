import { rejectOption } from '../errors/option-checks.ts'
import type { Address } from './address.ts'
import { parseRanges } from './address-ranges.ts'
import { type Cidr, contains } from './cidr.ts'

/** One slot for each value of a nibble (four bits). A node then fills one line of the processor's cache. */
const SLOTS_PER_NODE = 16

/** The content of a slot: 0 is empty, a positive number is the offset of a range, `~n` is node n. */
type Slot = number

const EMPTY: Slot = 0

interface Node {
  /** Index of the nibble of an address that selects one of the slots. */
  readonly nibble: number
  readonly slots: Int32Array
}

/**
 * Addresses and ranges, with a look-up whose time does not grow with their number.
 *
 * A scan would be fast enough for a few ranges. But lists of hostile addresses have ten thousand entries, and
 * a scan would compare all of them for each request of a client that is not on the list.
 *
 * The list is a trie over the nibbles of addresses. It has nodes only where ranges differ (Morrison's
 * PATRICIA, Journal of the ACM 15(4), 1968). A range that ends inside a nibble fills a slot for each value
 * that it covers (the controlled prefix expansion of Srinivasan and Varghese, ACM Transactions on Computer
 * Systems 17(1), 1999). A look-up takes one step for each nibble in which ranges differ, and compares one
 * range at the end: at most 8 steps for IPv4 and 32 for IPv6, however long the list is. There are fewer nodes
 * than ranges, at 64 bytes each.
 *
 * Nodes and ranges are in flat arrays. An object for each would be several pointers away, and the cache
 * misses of the processor would cost more than all steps.
 */
export class AddressList {
  readonly #roots: Readonly<Record<'ipv4' | 'ipv6', Slot>>
  readonly #slots: Int32Array
  /** The nibble index of each node. */
  readonly #nibbles: Uint8Array
  /** For each range its number of bits, and then the bytes of its network, where its offset is. */
  readonly #ranges: Uint8Array

  constructor(ranges: readonly Cidr[]) {
    const nodes: Node[] = []
    const rangeBytes: number[] = []
    const rootOf = (kind: 'ipv4' | 'ipv6'): Slot => {
      const family = ranges.filter(({ network }) => network.kind() === kind)
      return buildTrie(withoutContained(family), nodes, rangeBytes)
    }
    this.#roots = { ipv4: rootOf('ipv4'), ipv6: rootOf('ipv6') }
    this.#slots = new Int32Array(nodes.length * SLOTS_PER_NODE)
    for (const [index, { slots }] of nodes.entries()) this.#slots.set(slots, index * SLOTS_PER_NODE)
    this.#nibbles = Uint8Array.from(nodes, ({ nibble }) => nibble)
    this.#ranges = Uint8Array.from(rangeBytes)
  }

  /** Whether one of the ranges contains the address. */
  has(address: Address): boolean {
    let slot = this.#roots[address.kind()]
    while (slot < 0) {
      const value = nibbleAt(address, this.#nibbles[~slot] ?? 0)
      slot = this.#slots[~slot * SLOTS_PER_NODE + value] ?? EMPTY
    }
    return slot !== EMPTY && this.#rangeContains(slot, address)
  }

  #rangeContains(offset: number, address: Address): boolean {
    const bits = this.#ranges[offset - 1] ?? 0
    for (let index = 0; index * 8 < bits; index++) {
      const difference = byteAt(address, index) ^ (this.#ranges[offset + index] ?? 0)
      if (difference >> Math.max(0, index * 8 + 8 - bits) !== 0) return false
    }
    return true
  }
}

/**
 * Compiles an option that lists addresses, CIDRs and names of networks. `0.0.0.0/0` is every client with an
 * IPv4 address, `::/0` every client with an IPv6 address.
 *
 * @throws RateLimiterError (`invalid_option`) if it is not an array, or with the first entry that is wrong
 */
export function parseAddressList(
  option: 'allowList' | 'denyList',
  value: unknown,
  List: new (ranges: readonly Cidr[]) => AddressList = AddressList,
): AddressList {
  if (!Array.isArray(value)) {
    const remedy = "Give an array such as ['203.0.113.7', '10.0.0.0/8']."
    return rejectOption(option, value, 'takes an array of addresses', remedy)
  }
  // Array.from visits the holes of a sparse array too, so that a missing entry is an error.
  return new List(Array.from(value, (entry, index) => parseRanges(`${option}[${index}]`, entry)).flat())
}

/** The ranges of one family in ascending order, without those that another range contains. */
function withoutContained(ranges: readonly Cidr[]): Cidr[] {
  const kept: Cidr[] = []
  // In this order a range comes directly before all that it contains, so only the last one kept has to be
  // compared.
  for (const range of ranges.toSorted(compareRanges)) {
    const last = kept.at(-1)
    if (last === undefined || !contains(last, range.network)) kept.push(range)
  }
  return kept
}

function compareRanges(one: Cidr, other: Cidr): number {
  const [wide, narrow] = one.bits <= other.bits ? [one, other] : [other, one]
  if (contains(wide, narrow.network)) return one.bits - other.bits
  const index = firstDifferentNibble(one, other)
  return nibbleAt(one.network, index) - nibbleAt(other.network, index)
}

/** Index of the first nibble in which two ranges differ. Neither range may contain the other. */
function firstDifferentNibble(one: Cidr, other: Cidr): number {
  let index = 0
  while (nibbleAt(one.network, index) === nibbleAt(other.network, index)) index++
  return index
}

/**
 * Adds the nodes and range bytes that find these ranges, and returns the slot of the root. The ranges must be
 * in ascending order, and none may contain another.
 */
function buildTrie(ranges: readonly Cidr[], nodes: Node[], rangeBytes: number[]): Slot {
  const [first] = ranges
  const last = ranges.at(-1)
  if (first === undefined || last === undefined) return EMPTY
  if (first === last) {
    const network = first.network.toByteArray()
    return rangeBytes.push(first.bits, ...network) - network.length
  }
  const nibble = firstDifferentNibble(first, last)
  const slots = new Int32Array(SLOTS_PER_NODE)
  const node = nodes.push({ nibble, slots }) - 1
  const groups: Cidr[][] = []
  for (const range of ranges) {
    const value = nibbleAt(range.network, nibble)
    groups[value] ??= []
    groups[value].push(range)
  }
  groups.forEach((group, value) => {
    // A range that ends inside the nibble covers several values. It is always alone in its group.
    const covered = 1 << Math.max(0, nibble * 4 + 4 - (group[0]?.bits ?? 0))
    const from = value & -covered
    slots.fill(buildTrie(group, nodes, rangeBytes), from, from + covered)
  })
  return ~node
}

/**
 * Reads four bits of an address in place, because `toByteArray` would copy all of them at every look-up. The
 * position within a part is computed without a branch, which the processor could not predict.
 */
function nibbleAt(address: Address, index: number): number {
  if ('octets' in address) return ((address.octets[index >> 1] ?? 0) >> ((~index & 1) * 4)) & 0xf
  return ((address.parts[index >> 2] ?? 0) >> ((~index & 3) * 4)) & 0xf
}

/** Reads one byte of an address in place. */
function byteAt(address: Address, index: number): number {
  if ('octets' in address) return address.octets[index] ?? 0
  return ((address.parts[index >> 1] ?? 0) >> ((~index & 1) * 8)) & 0xff
}
