/** A machine that allows units, tick by tick. Its clock can be set back between two ticks. */
export interface StateMachine<State> {
  /** The most units that the machine can ever allow in a tick. */
  readonly maxUnitsPerTick: number
  /** The states of a new client: one for each position of the clock that makes a difference. */
  readonly initialStates: readonly State[]
  /**
   * The state one tick later, if `units` units are sent in this tick. Undefined if they are not all allowed.
   * The times in a state are relative to now, so that states with the same future are equal in JSON.
   */
  next(state: State, units: number): State | undefined
}

/** All states that any pattern of requests can reach. */
export interface ReachableStates {
  readonly states: number
  readonly transitions: number
  /**
   * The most units that can be allowed in consecutive ticks, for any requests before these ticks and in them.
   * The array has one number for each length, from 1 tick up to `ticks`.
   */
  maxUnitsIn(ticks: number): number[]
}

/** Stands for a missing successor, because so many units are refused. */
const NONE = -1

export function findReachableStates<State>(machine: StateMachine<State>): ReachableStates {
  const width = machine.maxUnitsPerTick + 1
  const numbers = new Map<string, number>()
  const states: State[] = []
  const successors: number[] = []
  let transitions = 0
  const numberOf = (state: State): number => {
    const text = JSON.stringify(state)
    const known = numbers.get(text)
    if (known !== undefined) return known
    numbers.set(text, states.length)
    return states.push(state) - 1
  }
  for (const state of machine.initialStates) numberOf(state)
  // The loop also visits the states that it adds.
  for (const state of states) {
    for (let units = 0; units < width; units++) {
      const next = machine.next(state, units)
      if (next !== undefined) transitions++
      successors.push(next === undefined ? NONE : numberOf(next))
    }
  }
  const graph = { width, successors: Int32Array.from(successors) }
  return { states: states.length, transitions, maxUnitsIn: (ticks) => maxUnitsInTicks(graph, ticks) }
}

interface Graph {
  readonly width: number
  /** The next state for each state and each number of units, or {@link NONE}. */
  readonly successors: Int32Array
}

/** Computes from the last tick to the first the most units that can still be allowed from each state. */
function maxUnitsInTicks({ width, successors }: Graph, ticks: number): number[] {
  const states = successors.length / width
  let maxUnitsFrom = new Int32Array(states)
  return Array.from({ length: ticks }, () => {
    const withOneMoreTick = new Int32Array(states)
    for (let state = 0; state < states; state++) {
      let maxUnits = 0
      for (let units = 0; units < width; units++) {
        const next = successors[state * width + units] ?? NONE
        if (next !== NONE) maxUnits = Math.max(maxUnits, units + (maxUnitsFrom[next] ?? 0))
      }
      withOneMoreTick[state] = maxUnits
    }
    maxUnitsFrom = withOneMoreTick
    return maxUnitsFrom.reduce((most, value) => Math.max(most, value), 0)
  })
}
