import { strict as assert } from 'node:assert'
import { PerformanceObserver } from 'node:perf_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { ADDRESS_COUNT, AddressKeys } from './address-keys.ts'
import { type Benchmark, countText, type Figures, type Run, scaled } from './benchmark.ts'
import type { ContestantName, Counter } from './contestants/contestant.ts'
import { COUNTERS, createCounter, PACKAGES } from './contestants/contestants.ts'
import { PseudoRandomOrder } from './pseudo-random-order.ts'
import { median } from './statistics.ts'
import { figureText, spreadText } from './table.ts'

interface PauseSettings {
  /** Clients of one window. */
  readonly clients: number
  readonly windowMs: number
}

const WINDOWS = 3
const DECISIONS_PER_TURN = 200
const LIMIT = 1000
const WARM_UP_CLIENTS = 50_000

/**
 * Clients of one window, and how long it is. Five million in four seconds would leave 800 ns for each, making
 * its key included: a store that cannot keep up would hold fewer clients than the others.
 */
const SIZES: readonly {
  readonly clients: 1_000_000 | 5_000_000
  readonly windowMs: number
  readonly contestants: readonly ContestantName[]
}[] = [
  { clients: 1_000_000, windowMs: 4000, contestants: COUNTERS },
  { clients: 5_000_000, windowMs: 10_000, contestants: PACKAGES },
]

/** The name of a workload, for code that looks up its figures. */
export function pauseWorkload(clients: (typeof SIZES)[number]['clients']): string {
  return `${countText(clients)} clients a window`
}

export const pauses: Benchmark<PauseSettings> = {
  name: 'pauses',
  summary:
    'the longest time between two turns of the event loop, beyond the median turn, while clients come, expire and are forgotten',
  checked:
    'every client new and admitted, none evicted that had not expired; the most that were held at once',
  columns: [
    { figure: 'longestPauseMs', heading: 'longest pause, ms', text: spreadText },
    { figure: 'longestDecisionMs', heading: 'longest decision, ms', text: spreadText },
    { figure: 'medianTurnMs', heading: 'median turn, ms', text: ({ median: middle }) => figureText(middle) },
    { figure: 'collectionMs', heading: 'garbage collection, ms', text: spreadText },
    { figure: 'mostHeld', heading: 'most held', text: ({ median: middle }) => countText(Math.round(middle)) },
  ],
  runs({ scale }) {
    return SIZES.flatMap(({ clients, windowMs, contestants }) =>
      contestants.map(
        (contestant): Run<PauseSettings> => ({
          workload: pauseWorkload(clients),
          contestant,
          settings: { clients: scaled(clients, scale, 2000), windowMs: scaled(windowMs, scale, 150) },
          nodeOptions: ['--max-old-space-size=12000'],
          mayBeLeftOut: clients > 1_000_000 && contestant !== 'express-tollgate',
        }),
      ),
    )
  },
  measure,
}

/** What was seen while the clients came. */
interface Sightings {
  longestTurnMs: number
  longestDecisionMs: number
  mostHeld: number
  admitted: number
  /** Turns in which there was something to do. */
  readonly turnsMs: number[]
}

async function measure(
  contestant: ContestantName,
  { clients, windowMs }: PauseSettings,
  dist: string,
): Promise<Figures> {
  assert.ok(clients * WINDOWS <= ADDRESS_COUNT, 'there is an address for every client')
  // Room for those of a window, and for as many that expired and were not forgotten yet.
  const counter = await createCounter(contestant, { dist, limit: LIMIT, windowMs, maxKeys: clients * 2 })
  await warmUp(contestant, dist)
  const collections = observeCollections()
  const seen = await receive(counter, clients, windowMs)
  const { collectionMs, collectionCount } = collections()
  assert.equal(seen.admitted, clients * WINDOWS, 'every client is new and admitted')
  assert.equal(counter.stats?.()?.unexpiredEvictions ?? 0, 0, 'no client is evicted before it expired')
  counter.close()
  const medianTurnMs = median(seen.turnsMs)
  return {
    longestPauseMs: seen.longestTurnMs - medianTurnMs,
    longestDecisionMs: seen.longestDecisionMs,
    medianTurnMs,
    collectionMs,
    collectionCount,
    mostHeld: seen.mostHeld,
    clients,
  }
}

/** Has the compiler do its work beforehand, with a counter that is not looked at: a server does it once. */
async function warmUp(contestant: ContestantName, dist: string): Promise<void> {
  const other = await createCounter(contestant, {
    dist,
    limit: LIMIT,
    windowMs: 200,
    maxKeys: WARM_UP_CLIENTS,
  })
  await receive(other, WARM_UP_CLIENTS, 200)
  other.close()
}

/** Sends new clients at a steady pace for some windows, then no client for one and a half windows, in which all expire. */
async function receive(counter: Counter, clients: number, windowMs: number): Promise<Sightings> {
  const seen: Sightings = { longestTurnMs: 0, longestDecisionMs: 0, mostHeld: 0, admitted: 0, turnsMs: [] }
  const total = clients * WINDOWS
  const addresses = new AddressKeys()
  const order = new PseudoRandomOrder(ADDRESS_COUNT)
  const began = performance.now()
  let sent = 0
  let turnBegan = began
  let silentUntil = Number.POSITIVE_INFINITY
  while (turnBegan < silentUntil) {
    const due = Math.min(total, Math.floor(((turnBegan - began) * clients) / windowMs))
    const now = Math.min(DECISIONS_PER_TURN, total - sent)
    const works = now > 0 && due - sent >= now
    if (works) {
      await ask(counter, addresses, order, now, seen)
      sent += now
      if (sent === total) silentUntil = performance.now() + 1.5 * windowMs
    }
    await nextTurn()
    const turnEnded = performance.now()
    const turnMs = turnEnded - turnBegan
    seen.longestTurnMs = Math.max(seen.longestTurnMs, turnMs)
    if (works) {
      seen.turnsMs.push(turnMs)
      seen.mostHeld = Math.max(seen.mostHeld, counter.size())
    }
    turnBegan = turnEnded
  }
  return seen
}

async function ask(
  counter: Counter,
  addresses: AddressKeys,
  order: PseudoRandomOrder,
  decisions: number,
  seen: Sightings,
): Promise<void> {
  for (let turn = 0; turn < decisions; turn++) {
    const key = addresses.fresh(order.next())
    const began = performance.now()
    const asked = counter.ask(key)
    // Who answers directly is not kept waiting for the promises of others.
    const answer = counter.answers === 'directly' ? asked : await asked
    seen.longestDecisionMs = Math.max(seen.longestDecisionMs, performance.now() - began)
    if (counter.isAdmitted(answer)) seen.admitted++
  }
}

/** Watches the garbage collector; the function that it returns gives the time it took. */
function observeCollections(): () => { readonly collectionMs: number; readonly collectionCount: number } {
  const durationsMs: number[] = []
  const note = (entries: readonly { readonly duration: number }[]): void => {
    for (const { duration } of entries) durationsMs.push(duration)
  }
  const observer = new PerformanceObserver((list) => note(list.getEntries()))
  observer.observe({ entryTypes: ['gc'] })
  return () => {
    note(observer.takeRecords())
    observer.disconnect()
    return {
      collectionMs: durationsMs.reduce((sum, duration) => sum + duration, 0),
      collectionCount: durationsMs.length,
    }
  }
}
