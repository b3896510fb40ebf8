import { type AlgorithmState, algorithmOf } from '../../src/limits/algorithms.ts'
import type { Limit } from '../../src/limits/limit.ts'
import { SLICES_PER_WINDOW } from '../../src/limits/sliding-window.ts'
import type { Machine } from './reachable-states.ts'

/** What a limit keeps of a client, nothing where it is as if it had never been seen, and the time. */
interface Moment {
  readonly nowMs: number
  readonly state?: AlgorithmState
}

/** A limit as the real code counts it; a tick is a millisecond. */
export function limitMachine(limit: Limit): Machine<Moment> {
  const { algorithm, burst, windowMs } = limit
  const { charge } = algorithmOf(limit)
  // Slices begin at multiples of their length: it makes a difference where in a slice the clock stands.
  const phases = algorithm === 'sliding-window' ? Math.ceil(windowMs / SLICES_PER_WINDOW) : 1
  return {
    mostPerTick: burst,
    starts: Array.from({ length: phases }, (_, nowMs) => ({ nowMs })),
    next({ nowMs, state }, units) {
      const outcome = charge(state, nowMs, limit, units)
      if (!outcome.allowed) return undefined
      // What no longer counts a tick later is left out of the state by asking for nothing.
      const kept = units > 0 ? outcome.state : state
      const later = charge(kept, nowMs + 1, limit, 0)
      const then = (nowMs + 1) % phases
      if (later.remaining === burst) return { nowMs: then }
      return { nowMs: then, state: shifted(later.state, then - (nowMs + 1)) }
    },
  }
}

/** A state as it is so many milliseconds later, with what is numbered numbered from 0. */
function shifted(state: AlgorithmState, byMs: number): AlgorithmState {
  if ('slices' in state) {
    const slices = state.slices.map((slice, id) => ({ ...slice, id, lastMs: slice.lastMs + byMs }))
    return { slices, lastId: slices.length }
  }
  if ('windowId' in state) return { ...state, startMs: state.startMs + byMs, windowId: 0 }
  return { ...state, fullAtMs: state.fullAtMs + byMs, fillId: 0 }
}

interface TwoCounters {
  /** Ticks since the present window of the clock began. */
  readonly elapsed: number
  readonly previous: number
  readonly current: number
}

/**
 * The usual estimate of a sliding window, for contrast: the present window of the clock, and as much of the
 * one before it as the last `window` ticks cover, as though its units had been spread over it evenly.
 */
export function twoCounterMachine(limit: number, window: number): Machine<TwoCounters> {
  return {
    mostPerTick: limit,
    starts: Array.from({ length: window }, (_, elapsed) => ({ elapsed, previous: 0, current: 0 })),
    next({ elapsed, previous, current }, units) {
      const used = current + units
      if (previous * (window - elapsed) + used * window > limit * window) return undefined
      if (elapsed + 1 < window) return { elapsed: elapsed + 1, previous, current: used }
      return { elapsed: 0, previous: used, current: 0 }
    },
  }
}
