import { strict as assert } from 'node:assert'
import { randomInt } from 'node:crypto'
import { ADDRESS_COUNT, AddressKeys } from './address-keys.ts'
import { type Benchmark, type Column, countText, type Figures, type Run, scaled } from './benchmark.ts'
import type { ContestantName, Counter, CounterSettings } from './contestants/contestant.ts'
import { createCounter, PACKAGES } from './contestants/contestants.ts'
import { bytesInUse } from './garbage.ts'
import { untilEmpty } from './memory.ts'
import { PseudoRandomOrder } from './pseudo-random-order.ts'
import type { Spread } from './statistics.ts'
import { figureText } from './table.ts'

interface FloodSettings {
  /** Floods in one process; those of all rounds together are the thousand. */
  readonly floods: number
  readonly maxKeys: number
  readonly oneShots: number
  readonly newClients: number
  readonly windowMs: number
}

const FLOODS = 1000
const MAX_KEYS = 10_000
const ONE_SHOTS_PER_KEY = 10
const NEW_CLIENTS = 1000
const REQUESTS_OF_A_NEW_CLIENT = 3
const LIMIT = 100
const LONG_WINDOW_MS = 3_600_000
const SHORT_WINDOW_MS = 2000
/** Neither is among the addresses of the flood. */
const BLOCKED = 'default:read:198.51.100.7'
const BANNED = 'default:read:198.51.100.9'

/** The name of the workload, for code that looks up its figures. */
export const FLOOD_WORKLOAD: string = `${countText(MAX_KEYS * ONE_SHOTS_PER_KEY)} one-shot addresses, ceiling of ${countText(MAX_KEYS)}`

export const flood: Benchmark<FloodSettings> = {
  name: 'flood',
  summary:
    'a client over its limit and a banned one during a flood of addresses that come once, new clients that come ' +
    'three times, and the memory of the process (the peers have no ceiling, and are flooded once a round)',
  checked:
    'the two are refused before each flood; every address of the flood was sent; the store empties afterwards',
  columns: [
    countOf('stayed blocked', 'stayedBlocked', 'floods'),
    countOf('stayed banned', 'stayedBanned', 'bans'),
    countOf('new clients admitted', 'newClientsAdmitted', 'newClientRequests'),
    countOf('kept their count', 'newClientsCounted', 'newClients'),
    { figure: 'unexpiredEvictions', heading: 'evicted unexpired', text: totalText },
    { figure: 'overflowed', heading: 'overflowed', text: totalText },
    { figure: 'beforeMiB', heading: 'MiB before', text: medianText },
    { figure: 'endMiB', heading: 'at the end', text: medianText },
    { figure: 'afterMiB', heading: 'after', text: medianText },
    { figure: 'storeBytesAfter', heading: 'store, bytes', text: storeText },
    { figure: 'windowsUntilEmpty', heading: 'windows until empty', text: medianText },
  ],
  runs({ scale, rounds }) {
    const maxKeys = scaled(MAX_KEYS, scale, 100)
    return PACKAGES.map((contestant): Run<FloodSettings> => {
      const floods = contestant === 'express-tollgate' ? Math.ceil(scaled(FLOODS, scale, 2) / rounds) : 1
      const settings = {
        floods,
        maxKeys,
        oneShots: maxKeys * ONE_SHOTS_PER_KEY,
        newClients: scaled(NEW_CLIENTS, scale, 10),
        windowMs: scaled(SHORT_WINDOW_MS, scale, 200),
      }
      return { workload: FLOOD_WORKLOAD, contestant, settings }
    })
  },
  measure,
}

/** `999 of 1,000`, over all floods of all rounds. */
function countOf(heading: string, figure: string, of: string): Column {
  const text = ({ sum }: Spread, all: Readonly<Record<string, Spread>>): string => {
    const total = all[of]?.sum ?? 0
    return total === 0 ? 'none' : `${countText(sum)} of ${countText(total)}`
  }
  return { heading, figure, text }
}

function totalText({ sum, min }: Spread): string {
  return min < 0 ? 'unknown' : countText(sum)
}

/** The bytes that the store reports before the flood and after it. */
function storeText(after: Spread, { storeBytesBefore: before }: Readonly<Record<string, Spread>>): string {
  if (before === undefined || before.min < 0) return 'unknown'
  return `${countText(before.median)}, then ${countText(after.median)}`
}

function medianText({ median }: Spread): string {
  return median < 0 ? 'none' : figureText(median)
}

/** What was seen in one flood or in several. */
interface Sightings {
  floods: number
  stayedBlocked: number
  bans: number
  stayedBanned: number
  newClients: number
  newClientRequests: number
  newClientsAdmitted: number
  newClientsCounted: number
  unexpiredEvictions: number
  overflowed: number
}

async function measure(contestant: ContestantName, settings: FloodSettings, dist: string): Promise<Figures> {
  const { floods, maxKeys } = settings
  const common = { dist, limit: LIMIT, maxKeys }
  // First of all: stores that cannot be closed would still be there later on.
  const memory = await measureMemory(contestant, { ...common, windowMs: settings.windowMs }, settings)
  const seen: Sightings = {
    ...{ floods: 0, stayedBlocked: 0, bans: 0, stayedBanned: 0, newClients: 0, newClientRequests: 0 },
    ...{ newClientsAdmitted: 0, newClientsCounted: 0, unexpiredEvictions: 0, overflowed: 0 },
  }
  for (let flooded = 0; flooded < floods; flooded++) {
    const counter = await createCounter(contestant, { ...common, windowMs: LONG_WINDOW_MS })
    await floodOnce(counter, settings, seen)
    noteStats(counter, seen)
    counter.close()
  }
  return { ...seen, ...memory }
}

async function floodOnce(counter: Counter, settings: FloodSettings, seen: Sightings): Promise<void> {
  const { oneShots, newClients } = settings
  for (let used = 0; used < LIMIT; used++) await ask(counter, BLOCKED)
  counter.block?.(BANNED, LONG_WINDOW_MS)
  assert.equal((await ask(counter, BLOCKED)).admitted, false, 'the client is over its limit')
  const bans = counter.block === undefined ? 0 : 1
  if (bans > 0) assert.equal((await ask(counter, BANNED)).admitted, false, 'the client is banned')

  const flooding = new FloodAddresses()
  const crowd = new NewClients(counter, newClients, seen)
  // A new client comes three times, with so many addresses of the flood in between.
  const apart = Math.floor(oneShots / newClients)
  for (let sent = 0; sent < oneShots; sent++) {
    if (sent % apart === 0) await crowd.advance()
    await ask(counter, flooding.next())
  }
  await crowd.finish()
  assert.equal(flooding.sent, oneShots, 'every address of the flood was sent')

  seen.floods++
  seen.bans += bans
  if (!(await ask(counter, BLOCKED)).admitted) seen.stayedBlocked++
  if (bans > 0 && !(await ask(counter, BANNED)).admitted) seen.stayedBanned++
}

/** Clients who begin one after the other, and each of whom comes three times. */
class NewClients {
  readonly #counter: Counter
  readonly #count: number
  readonly #seen: Sightings
  #begun = 0

  constructor(counter: Counter, count: number, seen: Sightings) {
    this.#counter = counter
    this.#count = count
    this.#seen = seen
    seen.newClients += count
  }

  /** The next one comes for the first time, the one before for the second time, and so on. */
  async advance(): Promise<void> {
    const newest = this.#begun++
    for (let visit = 1; visit <= REQUESTS_OF_A_NEW_CLIENT; visit++) {
      const number = newest - (visit - 1)
      if (number < 0 || number >= this.#count) continue
      const { admitted, used } = await ask(this.#counter, newClientKey(number))
      this.#seen.newClientRequests++
      if (admitted) this.#seen.newClientsAdmitted++
      if (visit === REQUESTS_OF_A_NEW_CLIENT && used === visit) this.#seen.newClientsCounted++
    }
  }

  async finish(): Promise<void> {
    while (this.#begun < this.#count + REQUESTS_OF_A_NEW_CLIENT - 1) await this.advance()
  }
}

function newClientKey(number: number): string {
  return `default:read:203.0.${number >>> 8}.${number & 0xff}`
}

/** Distinct addresses of 10.0.0.0/8 in an order of their own in every flood. */
class FloodAddresses {
  readonly #addresses = new AddressKeys()
  readonly #offset = randomInt(ADDRESS_COUNT)
  // Odd, so that no two numbers below 2^24 have the same product modulo 2^24.
  readonly #multiplier = 2 * randomInt(ADDRESS_COUNT / 2) + 1
  sent = 0

  next(): string {
    const product = (Math.imul(this.sent++, this.#multiplier) + this.#offset) & (ADDRESS_COUNT - 1)
    return this.#addresses.fresh(product ^ (product >>> 12))
  }
}

async function ask(
  counter: Counter,
  key: string,
): Promise<{ readonly admitted: boolean; readonly used: number }> {
  try {
    const asked = counter.ask(key)
    const answer = counter.answers === 'directly' ? asked : await asked
    return { admitted: counter.isAdmitted(answer), used: counter.usedOf(answer) }
  } catch (refusal) {
    // A refusal that is thrown is no error; anything else is.
    if (refusal instanceof Error) throw refusal
    return { admitted: false, used: Number.NaN }
  }
}

function noteStats(counter: Counter, seen: Sightings): void {
  const stats = counter.stats?.()
  seen.unexpiredEvictions += stats?.unexpiredEvictions ?? -1
  seen.overflowed += stats?.overflowed ?? -1
}

/** The memory of the process with an empty store, with a flooded one, and when that has emptied by itself. */
async function measureMemory(
  contestant: ContestantName,
  common: CounterSettings,
  { oneShots, windowMs }: FloodSettings,
): Promise<Figures> {
  await pour(await createCounter(contestant, common), 1000)
  const counter = await createCounter(contestant, common)
  const before = bytesInUse()
  const storeBefore = counter.stats?.()?.bytes
  await pour(counter, oneShots)
  const end = bytesInUse()
  const waitedMs = await untilEmpty(counter, windowMs)
  const after = bytesInUse()
  const storeAfter = counter.stats?.()?.bytes
  counter.close()
  return {
    beforeMiB: before / 2 ** 20,
    endMiB: end / 2 ** 20,
    afterMiB: after / 2 ** 20,
    windowsUntilEmpty: waitedMs / windowMs,
    storeBytesBefore: storeBefore ?? -1,
    storeBytesAfter: storeAfter ?? -1,
  }
}

async function pour(counter: Counter, oneShots: number): Promise<void> {
  const addresses = new AddressKeys()
  const order = new PseudoRandomOrder(ADDRESS_COUNT)
  for (let sent = 0; sent < oneShots; sent++) {
    assert.ok((await ask(counter, addresses.fresh(order.next()))).admitted, 'a new client is admitted')
  }
}
