/*
 * The slices of a sliding window: the units of a client that are counted, by the time at which they were taken.
 *
 * Twin: src/stores/redis/scripts/sliding-window.lua
 */
import { type ChargeRecord, nextId, type Settled } from './algorithm.ts'
import type { Limit } from './limit.ts'

/** Units that were taken at nearly the same time. They are counted until the last charge is a window old. */
export interface Slice {
  /**
   * The number of this slice among the client's slices. A settlement gives back units only from the slices in which
   * they were taken.
   */
  readonly id: number
  /** The time of the last charge in this slice, in milliseconds. */
  readonly lastMs: number
  readonly units: number
}

/** What a sliding window remembers of a client. */
export interface SlidingWindowState {
  /** From the oldest slice to the newest. At most {@link SLICES_PER_WINDOW} + 1. */
  readonly slices: readonly Slice[]
  readonly lastId: number
}

/**
 * Twice as many slices halve the delay with which units come back, and double the memory that a client needs.
 * With 8 slices, a client that always uses its whole limit loses at most a ninth of it, because it can use 8
 * of 9 slices of time. It needs the memory of 9 slices. With 16 slices it would lose a seventeenth and need
 * the memory of 17 slices.
 */
export const SLICES_PER_WINDOW = 8

/**
 * The state on a clock that was set back: the newest charge counts as made now, and the earlier charges as
 * made as long before it as they were.
 */
export function rewindSlices(state: SlidingWindowState, nowMs: number): SlidingWindowState {
  const aheadMs = (state.slices.at(-1)?.lastMs ?? nowMs) - nowMs
  if (aheadMs <= 0) return state
  return { ...state, slices: state.slices.map((slice) => ({ ...slice, lastMs: slice.lastMs - aheadMs })) }
}

/** The state without the slices that are a window old. */
export function withoutExpiredSlices(
  state: SlidingWindowState | undefined,
  nowMs: number,
  limit: Limit,
): SlidingWindowState {
  if (state === undefined) return { slices: [], lastId: 0 }
  const { slices, lastId } = state
  const first = slices.findIndex(({ lastMs }) => lastMs + limit.windowMs > nowMs)
  if (first === 0) return state
  return { slices: first === -1 ? [] : slices.slice(first), lastId }
}

/** The state after units were taken now. */
export function withAddedUnits(
  { slices, lastId }: SlidingWindowState,
  nowMs: number,
  { windowMs }: Limit,
  cost: number,
): SlidingWindowState {
  const sliceMs = Math.ceil(windowMs / SLICES_PER_WINDOW)
  const newest = slices.at(-1)
  const isNewSlice = Math.floor((newest?.lastMs ?? 0) / sliceMs) !== Math.floor(nowMs / sliceMs)
  // A window overlaps at most one slice more than SLICES_PER_WINDOW. There are more only if the clock was set
  // back.
  if (newest === undefined || (isNewSlice && slices.length <= SLICES_PER_WINDOW)) {
    const id = nextId(lastId)
    return { slices: [...slices, { id, lastMs: nowMs, units: cost }], lastId: id }
  }
  const extended: Slice = { id: newest.id, lastMs: nowMs, units: newest.units + cost }
  return { slices: [...slices.slice(0, -1), extended], lastId }
}

/**
 * The record of a charge after a settlement has taken more units in a slice. A record is the units of the charge, the
 * id of its slice, and for each further slice in which units were taken the id and these units.
 */
export function withAddedPart(record: ChargeRecord, sliceId: number, added: number): ChargeRecord {
  const [units, ...others] = record
  const isKnown = others.length > 1 && others.at(-2) === sliceId
  const parts = isKnown ? others.with(-1, (others.at(-1) ?? 0) + added) : [...others, sliceId, added]
  return [units + added, ...(others.length === 1 && others[0] === sliceId ? others : parts)]
}

/** Gives back units of a charge: first those that were taken last. */
export function withoutUnits(
  { slices, lastId }: SlidingWindowState,
  [units, chargedId = 0, ...parts]: ChargeRecord,
  removed: number,
): Settled<SlidingWindowState> {
  const removedById = new Map<number, number>()
  let left = removed
  while (parts.length > 0 && left > 0) {
    const taken = parts.pop() ?? 0
    const id = parts.pop() ?? 0
    const given = Math.min(taken, left)
    left -= given
    removedById.set(id, given)
    if (given < taken) parts.push(id, taken - given)
  }
  if (left > 0) removedById.set(chargedId, left)
  const kept = slices
    .map((slice) => ({ ...slice, units: slice.units - (removedById.get(slice.id) ?? 0) }))
    .filter((slice) => slice.units > 0)
  return { state: { slices: kept, lastId }, record: [units - removed, chargedId, ...parts] }
}

export function sumOfUnits(slices: readonly Slice[]): number {
  let sum = 0
  for (const { units } of slices) sum += units
  return sum
}

/** Milliseconds until the oldest `units` units are no longer counted. */
export function msUntilExpired(slices: readonly Slice[], units: number, nowMs: number, limit: Limit): number {
  let unitsSoFar = 0
  for (const slice of slices) {
    unitsSoFar += slice.units
    if (unitsSoFar >= units) return slice.lastMs + limit.windowMs - nowMs
  }
  // The charge costs more than the limit, so that no wait is long enough. The answer is one window.
  return limit.windowMs
}
