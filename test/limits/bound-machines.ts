import { type AlgorithmState, algorithmOf } from '../../src/limits/algorithms.ts'
import type { Limit } from '../../src/limits/limit.ts'
import { SLICES_PER_WINDOW } from '../../src/limits/slices.ts'
import type { StateMachine } from './reachable-states.ts'

/**
 * The time, and the state of a client for a limit. The state is absent if it is equal to that of a new
 * client.
 */
interface LimitAtTime {
  readonly nowMs: number
  readonly state?: AlgorithmState
}

/** A limit, counted by the code of the package. One tick is one millisecond. */
export function limitMachine(limit: Limit): StateMachine<LimitAtTime> {
  const { algorithm, burst, windowMs } = limit
  const { charge } = algorithmOf(limit)
  // Slices begin at multiples of their length. So the result depends on the position of the clock in its
  // slice.
  const phases = algorithm === 'sliding-window' ? Math.ceil(windowMs / SLICES_PER_WINDOW) : 1
  return {
    maxUnitsPerTick: burst,
    initialStates: Array.from({ length: phases }, (_, nowMs) => ({ nowMs })),
    next({ nowMs, state }, units) {
      const result = charge(state, nowMs, limit, units)
      if (!result.allowed) return undefined
      // A charge of 0 units one tick later removes what no longer counts from the state.
      const kept = units > 0 ? result.state : state
      const later = charge(kept, nowMs + 1, limit, 0)
      const nextMs = (nowMs + 1) % phases
      if (later.remaining === burst) return { nowMs: nextMs }
      return { nowMs: nextMs, state: shiftedState(later.state, nextMs - (nowMs + 1)) }
    },
  }
}

/**
 * The same state at a time that is `byMs` later. Its ids are counted from 0, so that equal states are equal
 * in JSON.
 */
function shiftedState(state: AlgorithmState, byMs: number): AlgorithmState {
  if ('slices' in state) {
    const slices = state.slices.map((slice, id) => ({ ...slice, id, lastMs: slice.lastMs + byMs }))
    return { slices, lastId: slices.length }
  }
  if ('endSec' in state) throw new Error('no window of this search is a calendar window')
  if ('windowId' in state) return { ...state, startMs: state.startMs + byMs, windowId: 0 }
  return { ...state, fullAtMs: state.fullAtMs + byMs, fillId: 0 }
}

interface TwoCounters {
  /** Ticks since the start of the present window of the clock. */
  readonly elapsedTicks: number
  readonly previous: number
  readonly current: number
}

/**
 * The usual estimate of a sliding window, for comparison. It adds the units of the present window of the
 * clock and a share of the units of the window before it. The share is the part of that window that lies
 * within the last `window` ticks, as if its units had been spread evenly.
 */
export function twoCounterMachine(limit: number, window: number): StateMachine<TwoCounters> {
  return {
    maxUnitsPerTick: limit,
    initialStates: Array.from({ length: window }, (_, elapsedTicks) => ({
      elapsedTicks,
      previous: 0,
      current: 0,
    })),
    next({ elapsedTicks, previous, current }, units) {
      const used = current + units
      if (previous * (window - elapsedTicks) + used * window > limit * window) return undefined
      if (elapsedTicks + 1 < window) return { elapsedTicks: elapsedTicks + 1, previous, current: used }
      return { elapsedTicks: 0, previous: used, current: 0 }
    },
  }
}
