import { rejectOption } from '../errors/option-checks.ts'
import type { Address } from './address.ts'
import { parseRanges } from './address-ranges.ts'
import { type Cidr, contains } from './cidr.ts'

/** One slot for each value of four bits: a node then fills one line of the processor's cache. */
const SLOTS_PER_NODE = 16

/** What a slot holds: 0 is nothing, a positive number the place of a range, `~n` the node n. */
type Slot = number

const NOTHING: Slot = 0

interface Node {
  /** Index of the four bits of an address that lead to one of the slots. */
  readonly digit: number
  readonly slots: Int32Array
}

/**
 * Addresses and ranges, looked up in time that does not grow with their number.
 *
 * A scan of the list would do for a handful of ranges. Lists of hostile addresses are published by the
 * ten thousand, and a scan would compare them all for every request of everybody who is not on the list.
 *
 * This is a trie over addresses, four bits at a time. It has nodes only where ranges part (Morrison's PATRICIA,
 * Journal of the ACM 15(4), 1968), and a range that ends within four bits fills a slot for each value that it
 * covers (the controlled prefix expansion of Srinivasan and Varghese, ACM Transactions on Computer Systems
 * 17(1), 1999). A look-up takes a step for each four bits that tell ranges apart and compares one range in the
 * end: at most 8 steps for IPv4 and 32 for IPv6, whatever is in the list. There are fewer nodes than ranges, at
 * 64 bytes each.
 *
 * Nodes and ranges lie in flat arrays. Kept as objects, each would be several pointers away, and the misses
 * of the processor's caches would cost more than all steps.
 */
export class AddressList {
  readonly #roots: Readonly<Record<'ipv4' | 'ipv6', Slot>>
  readonly #slots: Int32Array
  /** For each node the index of its four bits. */
  readonly #digits: Uint8Array
  /** For each range its bits and then the bytes of its network; its place is where the network begins. */
  readonly #ranges: Uint8Array

  constructor(ranges: readonly Cidr[]) {
    const nodes: Node[] = []
    const leaves: number[] = []
    const grow = (kind: 'ipv4' | 'ipv6'): Slot =>
      grown(apart(ranges.filter(({ network }) => network.kind() === kind)), nodes, leaves)
    this.#roots = { ipv4: grow('ipv4'), ipv6: grow('ipv6') }
    this.#slots = new Int32Array(nodes.length * SLOTS_PER_NODE)
    for (const [index, { slots }] of nodes.entries()) this.#slots.set(slots, index * SLOTS_PER_NODE)
    this.#digits = Uint8Array.from(nodes, ({ digit }) => digit)
    this.#ranges = Uint8Array.from(leaves)
  }

  /** Whether any of the ranges holds the address. */
  has(address: Address): boolean {
    let slot = this.#roots[address.kind()]
    while (slot < 0) {
      const digit = digitAt(address, this.#digits[~slot] ?? 0)
      slot = this.#slots[~slot * SLOTS_PER_NODE + digit] ?? NOTHING
    }
    return slot !== NOTHING && this.#holds(slot, address)
  }

  /** `contains`, for the range at a place. */
  #holds(place: number, address: Address): boolean {
    const bits = this.#ranges[place - 1] ?? 0
    for (let index = 0; index * 8 < bits; index++) {
      const differing = byteAt(address, index) ^ (this.#ranges[place + index] ?? 0)
      if (differing >> Math.max(0, index * 8 + 8 - bits) !== 0) return false
    }
    return true
  }
}

/**
 * Compiles an option that lists addresses, CIDRs and names of networks. `0.0.0.0/0` is everybody with an
 * IPv4 address, `::/0` everybody with an IPv6 address.
 *
 * @throws RateLimiterError (`invalid_option`) when it is no array, or naming the first entry that is wrong
 */
export function parseAddressList(option: 'allowList' | 'denyList', value: unknown): AddressList {
  if (!Array.isArray(value)) {
    const remedy = "Give an array such as ['203.0.113.7', '10.0.0.0/8']."
    return rejectOption(option, value, 'takes an array of addresses', remedy)
  }
  // Array.from visits holes too: an entry that is missing is a mistake like any other.
  return new AddressList(Array.from(value, (entry, at) => parseRanges(`${option}[${at}]`, entry)).flat())
}

/** The ranges of one family in ascending order, without those that another one holds. */
function apart(ranges: readonly Cidr[]): Cidr[] {
  const kept: Cidr[] = []
  // A range comes right before all that it holds, and so the last one kept decides.
  for (const range of ranges.toSorted(ascending)) {
    const last = kept.at(-1)
    if (last === undefined || !contains(last, range.network)) kept.push(range)
  }
  return kept
}

function ascending(one: Cidr, other: Cidr): number {
  const [wide, narrow] = one.bits <= other.bits ? [one, other] : [other, one]
  if (contains(wide, narrow.network)) return one.bits - other.bits
  const at = firstDifference(one, other)
  return digitAt(one.network, at) - digitAt(other.network, at)
}

/** Index of the first four bits that two ranges differ in, which do not hold one another. */
function firstDifference(one: Cidr, other: Cidr): number {
  let at = 0
  while (digitAt(one.network, at) === digitAt(other.network, at)) at++
  return at
}

/** Adds what finds these ranges, which are in order and apart, to the nodes and leaves. */
function grown(ranges: readonly Cidr[], nodes: Node[], leaves: number[]): Slot {
  const [first] = ranges
  const last = ranges.at(-1)
  if (first === undefined || last === undefined) return NOTHING
  if (first === last) {
    const network = first.network.toByteArray()
    return leaves.push(first.bits, ...network) - network.length
  }
  const digit = firstDifference(first, last)
  const slots = new Int32Array(SLOTS_PER_NODE)
  const node = nodes.push({ digit, slots }) - 1
  const groups: Cidr[][] = []
  for (const range of ranges) {
    const value = digitAt(range.network, digit)
    groups[value] ??= []
    groups[value].push(range)
  }
  groups.forEach((alike, value) => {
    // Only a range that is alone with its value can end within the four bits.
    const covered = 1 << Math.max(0, digit * 4 + 4 - (alike[0]?.bits ?? 0))
    const from = value & -covered
    slots.fill(grown(alike, nodes, leaves), from, from + covered)
  })
  return ~node
}

/**
 * Four bits of an address, read where they are: `toByteArray` would copy them all at every look-up. Where in a
 * part they are is computed rather than decided: a processor cannot foresee it.
 */
function digitAt(address: Address, index: number): number {
  if ('octets' in address) return ((address.octets[index >> 1] ?? 0) >> ((~index & 1) * 4)) & 0xf
  return ((address.parts[index >> 2] ?? 0) >> ((~index & 3) * 4)) & 0xf
}

/** One byte of an address, likewise. */
function byteAt(address: Address, index: number): number {
  if ('octets' in address) return address.octets[index] ?? 0
  return ((address.parts[index >> 1] ?? 0) >> ((~index & 1) * 8)) & 0xff
}
