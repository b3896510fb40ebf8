/**
 * What a look-up in an allow or deny list costs, by the length of the list.
 *
 *   npx tsx test/bench/address-list.ts
 *
 * Lists of one family are beginnings of one another, and all are asked in turn, round by round, so that
 * whatever else the machine does falls on each of them. No range of a list holds another: such a range would
 * be on the list and cost nothing. Half of the addresses are in the list, spread evenly over its ranges; the
 * others differ from a range of it in one bit of the prefix, so that a look-up cannot end early.
 */
import { strict as assert } from 'node:assert'
import { cpus } from 'node:os'
import { type Address, parseAddress } from '../../src/client/address.ts'
import { type AddressList, parseAddressList } from '../../src/client/address-list.ts'
import { type Cidr, contains, parseCidr } from '../../src/client/cidr.ts'
import { median } from './statistics.ts'

const SEED = 20_260_101
const COUNTS = [10, 1000, 10_000, 100_000] as const
const ROUNDS = 15
const ADDRESSES = 10_000
const LOOKUPS_PER_ROUND = 100_000
/** A scan of a long list is slow: it gets as many addresses as it can take in reasonable time. */
const SCANNED_COUNTS: readonly number[] = [10, 10_000]
const COMPARISONS_PER_ROUND = 2_000_000
const CHECKED_ADDRESSES = 500

interface Family {
  readonly name: string
  readonly width: number
  /** The shortest and the longest prefix drawn. */
  readonly bits: readonly [number, number]
  /** Every address begins with these bits: global IPv6 addresses are in 2000::/3. */
  readonly head: { readonly value: bigint; readonly bits: number }
  readonly textOf: (value: bigint) => string
}

const FAMILIES: readonly Family[] = [
  {
    name: 'IPv4',
    width: 32,
    bits: [8, 32],
    head: { value: 0n, bits: 0 },
    textOf: (value) => [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.'),
  },
  {
    name: 'IPv6',
    width: 128,
    bits: [16, 64],
    head: { value: 1n, bits: 3 },
    textOf: (value) => (value.toString(16).match(/.{4}/g) ?? []).join(':'),
  },
]

/** A range as the numbers of its first and last address. */
interface Interval {
  readonly first: bigint
  readonly last: bigint
  readonly bits: number
}

/** The mulberry32 generator of Tommy Ettinger: whole numbers below 2^32, the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}

const random = seeded(SEED)
const below = (bound: number): number => random() % bound

function randomBits(bits: number): bigint {
  let value = 0n
  for (let drawn = 0; drawn < bits; drawn += 32) value = (value << 32n) | BigInt(random())
  return value & ((1n << BigInt(bits)) - 1n)
}

function randomInterval({ width, bits: [least, most], head }: Family): Interval {
  const bits = least + below(most - least + 1)
  const value = (head.value << BigInt(width - head.bits)) | randomBits(width - head.bits)
  const size = 1n << BigInt(width - bits)
  const first = (value / size) * size
  return { first, last: first + size - 1n, bits }
}

/** Where in a sorted list the first interval stands that begins after `value`. */
function placeAfter(sorted: readonly Interval[], value: bigint): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle]?.first ?? 0n) > value) high = middle
    else low = middle + 1
  }
  return low
}

const isIn = (sorted: readonly Interval[], value: bigint): boolean =>
  (sorted[placeAfter(sorted, value) - 1]?.last ?? -1n) >= value

/** Intervals in the order in which they were drawn; one that holds another or is held by it is drawn anew. */
function disjointIntervals(family: Family, count: number): Interval[] {
  const drawn: Interval[] = []
  const sorted: Interval[] = []
  while (drawn.length < count) {
    const interval = randomInterval(family)
    const place = placeAfter(sorted, interval.last)
    if ((sorted[place - 1]?.last ?? -1n) >= interval.first) continue
    sorted.splice(place, 0, interval)
    drawn.push(interval)
  }
  return drawn
}

/** Addresses in turn in one of the intervals, and one bit beside one of them and in none. */
function someAddresses({ width, head }: Family, intervals: readonly Interval[]): bigint[] {
  const sorted = intervals.toSorted((one, other) => (one.first < other.first ? -1 : 1))
  const addresses: bigint[] = []
  while (addresses.length < ADDRESSES) {
    const interval = intervals[below(intervals.length)]
    assert.ok(interval !== undefined)
    const inside = interval.first + randomBits(width - interval.bits)
    const bit = head.bits + below(interval.bits - head.bits)
    const beside = inside ^ (1n << BigInt(width - 1 - bit))
    const wanted = addresses.length % 2 === 0
    if (wanted) addresses.push(inside)
    else if (!isIn(sorted, beside)) addresses.push(beside)
  }
  // In turn they would teach the processor which branch comes next.
  for (let end = addresses.length - 1; end > 0; end--) {
    const other = below(end + 1)
    const [one, two] = [addresses[end] ?? 0n, addresses[other] ?? 0n]
    addresses[end] = two
    addresses[other] = one
  }
  return addresses
}

interface Workload {
  readonly family: string
  readonly count: number
  readonly list: AddressList
  readonly ranges: readonly Cidr[]
  readonly addresses: readonly Address[]
  readonly texts: readonly string[]
  readonly compiledMs: number
}

function addressOf(text: string): Address {
  const address = parseAddress(text)
  assert.ok(address !== undefined, text)
  return address
}

function prepare(family: Family, intervals: readonly Interval[]): Workload {
  const entries = intervals.map(({ first, bits }) => `${family.textOf(first)}/${bits}`)
  assert.equal(new Set(entries).size, entries.length, 'all ranges are distinct')
  const began = performance.now()
  const list = parseAddressList('denyList', entries)
  const compiledMs = performance.now() - began
  const texts = someAddresses(family, intervals).map(family.textOf)
  const addresses = texts.map(addressOf)
  const ranges = entries.flatMap((entry) => parseCidr(entry) ?? [])
  return { family: family.name, count: entries.length, list, ranges, addresses, texts, compiledMs }
}

const scan = (ranges: readonly Cidr[], address: Address): boolean =>
  ranges.some((range) => contains(range, address))

/** A sample must meet what a scan of the list meets, and half of all addresses must meet something. */
function check({ list, ranges, addresses }: Workload): void {
  const sample = addresses.slice(0, CHECKED_ADDRESSES)
  const found = sample.filter((address) => list.has(address))
  assert.equal(found.length, sample.filter((address) => scan(ranges, address)).length, 'hits as in a scan')
  assert.ok(found.every((address) => scan(ranges, address)))
  assert.equal(addresses.filter((address) => list.has(address)).length, ADDRESSES / 2, 'half are in the list')
}

/** Something to be timed: `run` answers how many addresses it found. */
interface Subject {
  readonly workload: Workload
  readonly name: 'has' | 'parse and has' | 'scan'
  readonly lookups: number
  readonly run: () => number
  readonly figuresNs: number[]
}

function subject(
  workload: Workload,
  name: Subject['name'],
  lookups: number,
  find: (at: number) => boolean,
): Subject {
  const run = (): number => {
    let found = 0
    for (let turn = 0; turn < lookups; turn++) if (find(turn % ADDRESSES)) found++
    return found
  }
  return { workload, name, lookups, run, figuresNs: [] }
}

function subjectsOf(workload: Workload): Subject[] {
  const { list, ranges, addresses, texts, count } = workload
  const [address] = addresses
  assert.ok(address !== undefined)
  const at = (index: number): Address => addresses[index] ?? address
  const scanned = Math.min(LOOKUPS_PER_ROUND, COMPARISONS_PER_ROUND / count)
  return [
    subject(workload, 'has', LOOKUPS_PER_ROUND, (index) => list.has(at(index))),
    subject(workload, 'parse and has', LOOKUPS_PER_ROUND, (index) => {
      const parsed = parseAddress(texts[index] ?? '')
      return parsed !== undefined && list.has(parsed)
    }),
    ...(SCANNED_COUNTS.includes(count)
      ? [subject(workload, 'scan', scanned, (index) => scan(ranges, at(index)))]
      : []),
  ]
}

function timeNs({ run, lookups, name }: Subject): number {
  const began = process.hrtime.bigint()
  const found = run()
  const elapsedNs = Number(process.hrtime.bigint() - began)
  if (name !== 'scan') assert.equal(found, lookups / 2, 'half of the look-ups find something')
  return elapsedNs / lookups
}

const workloads = FAMILIES.flatMap((family) => {
  const intervals = disjointIntervals(family, Math.max(...COUNTS))
  return COUNTS.map((count) => prepare(family, intervals.slice(0, count)))
})
for (const workload of workloads) check(workload)

const subjects = workloads.flatMap(subjectsOf)
for (let round = -2; round < ROUNDS; round++) {
  for (const one of subjects) {
    const ns = timeNs(one)
    // The first rounds are for the compiler.
    if (round >= 0) one.figuresNs.push(ns)
  }
}

console.log(
  `${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.version}; medians of ${ROUNDS} rounds of ` +
    `${LOOKUPS_PER_ROUND} look-ups, seed ${SEED}`,
)
for (const { name, workload, figuresNs } of subjects.toSorted((one, other) =>
  one.name.localeCompare(other.name),
)) {
  const { family, count, compiledMs } = workload
  const shortest = subjects.find((one) => one.name === name && one.workload.family === family)
  const ns = median(figuresNs)
  const ratio = ns / median(shortest?.figuresNs ?? [])
  const columns = [
    family,
    name.padEnd(13),
    `${count.toLocaleString('en')} ranges`.padStart(14),
    `${ns.toFixed(ns < 1000 ? 1 : 0)} ns`.padStart(11),
    `x ${ratio.toFixed(2)}`.padStart(9),
    name === 'has' ? `compiled in ${compiledMs.toFixed(1)} ms` : '',
  ]
  console.log(columns.join('  ').trimEnd())
}
