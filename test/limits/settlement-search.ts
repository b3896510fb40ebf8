import type { ChargeRecord } from '../../src/limits/algorithm.ts'
import { type AlgorithmState, algorithmOf } from '../../src/limits/algorithms.ts'
import { type Limit, maxDebtOf } from '../../src/limits/limit.ts'
import { maxUnitsWithin } from './bounds.ts'

/**
 * Searches all patterns of charges and settlements for one in which a client keeps more units than the bound of its
 * limit and the debt. In each millisecond a client can be charged and have its charges settled to any cost, as often as
 * it likes. There are finitely many states, because times and ids are relative, and the search visits all of them.
 */

/** Units that a charge has taken and kept, by their age in ms. The newest are the last. */
type Parts = readonly (readonly [ageMs: number, units: number])[]

interface OpenCharge {
  readonly record: ChargeRecord
  readonly parts: Parts
}

/** Everything that decides what a client can do from now on, and what it has kept in the last stretch. */
interface World {
  readonly state: AlgorithmState
  readonly charges: readonly OpenCharge[]
  /** The units that were kept, or the units taken minus those given back, by age. */
  readonly kept: readonly number[]
}

/** What the search found. */
export interface SettlementSearch {
  readonly states: number
  /** For each length from 1 ms, the most units kept in such a stretch. */
  readonly mostKept: readonly number[]
  /** For each length the bound, debt included. */
  readonly bounds: readonly number[]
  /** The most units by which the client was in debt. */
  readonly largestDebt: number
}

/**
 * @param mostCharges how many charges can be open at the same time
 * @param stretchMs the longest stretch
 */
export function searchSettlements(limit: Limit, mostCharges: number, stretchMs: number): SettlementSearch {
  const search = new Search(limit, mostCharges, stretchMs)
  search.run()
  const boundOf = (_: unknown, index: number): number => boundWithDebt(limit, index)
  const bounds = Array.from({ length: stretchMs }, boundOf)
  const { states, mostKept, largestDebt } = search
  return { states: states.size, mostKept, bounds, largestDebt }
}

/** In a closed interval of `durationMs`. The debt counts as a larger limit, and in a bucket only once. */
function boundWithDebt(limit: Limit, durationMs: number): number {
  const debt = maxDebtOf(limit)
  if (limit.algorithm === 'token-bucket') return maxUnitsWithin(limit, durationMs) + debt
  return maxUnitsWithin({ ...limit, limit: limit.limit + debt }, durationMs, true)
}

/** The time of each state, so that slices begin in it. Every time in a state is relative to it. */
const NOW_MS = 1_000_000

class Search {
  readonly states = new Map<string, World>()
  readonly mostKept: number[]
  largestDebt = 0
  readonly #limit: Limit
  readonly #mostCharges: number
  readonly #mostUnits: number
  readonly #ticks: number

  constructor(limit: Limit, mostCharges: number, stretchMs: number) {
    this.#limit = limit
    this.#mostCharges = mostCharges
    this.#mostUnits = limit.burst + maxDebtOf(limit) + 1
    this.#ticks = stretchMs
    this.mostKept = new Array<number>(stretchMs).fill(0)
  }

  run(): void {
    const kept = new Array<number>(this.#ticks).fill(0)
    this.#add({ state: algorithmOf(this.#limit).initialState(0), charges: [], kept })
    // The loop also visits the states that it adds.
    for (const world of this.states.values()) {
      for (const next of this.#successors(world)) this.#add(next)
    }
  }

  #add(world: World): void {
    const normal = normalWorld(world)
    const text = JSON.stringify(normal)
    if (this.states.has(text)) return
    this.states.set(text, normal)
    let sum = 0
    for (const [index, units] of normal.kept.entries()) {
      sum += units
      this.mostKept[index] = Math.max(this.mostKept[index] ?? 0, sum)
    }
    this.largestDebt = Math.max(this.largestDebt, this.#debtOf(normal.state))
  }

  *#successors(world: World): Generator<World> {
    yield this.#later(world)
    for (let cost = 1; cost <= this.#limit.burst; cost++) {
      const charged = this.#charged(world, cost)
      if (charged !== undefined) yield charged
    }
    for (const index of world.charges.keys()) {
      for (let cost = 0; cost <= this.#mostUnits; cost++) yield this.#settled(world, index, cost)
    }
  }

  #charged(world: World, cost: number): World | undefined {
    if (world.charges.length >= this.#mostCharges) return undefined
    const algorithm = algorithmOf(this.#limit)
    const { allowed, state } = algorithm.charge(world.state, NOW_MS, this.#limit, cost)
    if (!allowed) return undefined
    const record = algorithm.recordOf(state, NOW_MS, this.#limit, cost)
    const charges = [...world.charges, { record, parts: [[0, cost] as const] }]
    return { state, charges, kept: withUnits(world.kept, 0, cost) }
  }

  #settled(world: World, index: number, cost: number): World {
    const charge = world.charges[index]
    if (charge === undefined) return world
    const { state, record } = algorithmOf(this.#limit).settle(
      world.state,
      charge.record,
      NOW_MS,
      this.#limit,
      cost,
    )
    const change = record[0] - charge.record[0]
    const { parts, kept } = this.#changed(world.kept, charge.parts, change)
    const settled = world.charges.with(index, { record, parts })
    // A charge that was given back is not settled again.
    return { state, charges: cost === 0 ? settled.toSpliced(index, 1) : settled, kept }
  }

  /** A bucket counts what is given back at the time at which it is given back. A window never had it. */
  #changed(kept: World['kept'], parts: Parts, change: number): Pick<World, 'kept'> & { parts: Parts } {
    if (this.#limit.algorithm === 'token-bucket') return { parts: [], kept: withUnits(kept, 0, change) }
    if (change > 0) return { parts: [...parts, [0, change]], kept: withUnits(kept, 0, change) }
    let left = -change
    let keptNow = kept
    const partsNow = parts
      .toReversed()
      .map(([ageMs, units]) => {
        const given = Math.min(left, units)
        left -= given
        keptNow = withUnits(keptNow, ageMs, -given)
        return [ageMs, units - given] as const
      })
      .filter(([, units]) => units > 0)
      .toReversed()
    return { parts: partsNow, kept: keptNow }
  }

  /** One millisecond later. Charges that can no longer be settled are left out. */
  #later({ state, charges, kept }: World): World {
    const shifted = shiftedState(state, -1)
    const { charge, settle } = algorithmOf(this.#limit)
    const live = charges
      .map(({ record, parts }) => ({
        record: shiftedRecord(this.#limit, record, -1),
        parts: parts.map(([ageMs, units]) => [ageMs + 1, units] as const),
      }))
      .filter(({ record }) => settle(shifted, record, NOW_MS, this.#limit, record[0]).record !== record)
    const counted = charge(shifted, NOW_MS, this.#limit, 0)
    // A new client that nothing is known of any more, as stores forget it.
    const isNew = counted.remaining === this.#limit.burst && live.length === 0
    const initial = algorithmOf(this.#limit).initialState(0)
    return { state: isNew ? initial : shifted, charges: live, kept: [0, ...kept.slice(0, -1)] }
  }

  #debtOf(state: AlgorithmState): number {
    const { limit, windowMs, burst } = this.#limit
    if ('windowId' in state) return Math.max(0, state.used - limit)
    if ('slices' in state) {
      return Math.max(0, state.slices.reduce((sum, { units }) => sum + units, 0) - limit)
    }
    const missing = Math.max(0, state.fullAtMs - NOW_MS) * limit
    return Math.max(0, Math.floor(missing / windowMs) - burst)
  }
}

function withUnits(kept: World['kept'], ageMs: number, units: number): World['kept'] {
  return ageMs < kept.length ? kept.with(ageMs, (kept[ageMs] ?? 0) + units) : kept
}

function shiftedState(state: AlgorithmState, byMs: number): AlgorithmState {
  if ('slices' in state) {
    return {
      ...state,
      slices: state.slices.map((slice) => ({ ...slice, lastMs: slice.lastMs + byMs })),
    }
  }
  if ('startMs' in state) return { ...state, startMs: state.startMs + byMs }
  if ('fullAtMs' in state) return { ...state, fullAtMs: state.fullAtMs + byMs }
  throw new Error('no window of this search is a calendar window')
}

function shiftedRecord({ algorithm }: Limit, record: ChargeRecord, byMs: number): ChargeRecord {
  const [units, first = 0, ...others] = record
  return algorithm === 'token-bucket' ? [units, first + byMs, ...others] : record
}

/** The same world with ids that are counted from 0, so that equal worlds are equal in JSON. */
function normalWorld(world: World): World {
  const ids = new Map<number, number>()
  const { state } = world
  if ('slices' in state) {
    for (const { id } of state.slices) ids.set(id, ids.size)
    const idOf = (id: number): number => ids.get(id) ?? -1
    return {
      ...world,
      state: { slices: state.slices.map((slice) => ({ ...slice, id: idOf(slice.id) })), lastId: ids.size },
      charges: world.charges.map(({ record: [units, chargedId = 0, ...parts], ...rest }) => ({
        ...rest,
        record: [units, idOf(chargedId), ...parts.map((part, at) => (at % 2 === 0 ? idOf(part) : part))],
      })),
    }
  }
  const isWindow = 'windowId' in state
  const base = isWindow ? state.windowId : state.fillId
  const relative = (id: number): number => (id - base) >>> 0
  return {
    ...world,
    state: isWindow ? { ...state, windowId: 0 } : { ...state, fillId: 0 },
    charges: world.charges.map(({ record, ...rest }) => ({
      ...rest,
      record: record.with(isWindow ? 1 : 3, relative(record.at(isWindow ? 1 : 3) ?? 0)) as [number],
    })),
  }
}
