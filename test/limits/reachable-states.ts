/** Something that admits units tick by tick, and whose clock can be wound back between two ticks. */
export interface Machine<State> {
  /** The most units that it could ever admit in a tick. */
  readonly mostPerTick: number
  /** Every state of a client that was never seen: one for each way in which the clock can stand. */
  readonly starts: readonly State[]
  /**
   * The state a tick after one in which so many units were sent, or undefined when they are not all admitted.
   * States from which the same would follow are equal in JSON: the time is told from now.
   */
  next(state: State, units: number): State | undefined
}

/** All states that any pattern of requests leads to. */
export interface Reachable {
  readonly states: number
  readonly transitions: number
  /**
   * The most units that can be admitted in so many ticks, whatever came before them and whatever is sent in
   * them; one number for each length from 1 tick on.
   */
  mostIn(ticks: number): number[]
}

/** No successor: so many units are refused. */
const NONE = -1

export function reach<State>(machine: Machine<State>): Reachable {
  const width = machine.mostPerTick + 1
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
  for (const state of machine.starts) numberOf(state)
  // The list grows while it is walked.
  for (const state of states) {
    for (let units = 0; units < width; units++) {
      const next = machine.next(state, units)
      if (next !== undefined) transitions++
      successors.push(next === undefined ? NONE : numberOf(next))
    }
  }
  const graph = { width, successors: Int32Array.from(successors) }
  return { states: states.length, transitions, mostIn: (ticks) => mostInTicks(graph, ticks) }
}

interface Graph {
  readonly width: number
  /** For each state and each number of units the state that follows, or {@link NONE}. */
  readonly successors: Int32Array
}

/** From the last tick to the first: the best that is left to be had from each state. */
function mostInTicks({ width, successors }: Graph, ticks: number): number[] {
  const states = successors.length / width
  let best = new Int32Array(states)
  return Array.from({ length: ticks }, () => {
    const better = new Int32Array(states)
    for (let state = 0; state < states; state++) {
      let most = 0
      for (let units = 0; units < width; units++) {
        const next = successors[state * width + units] ?? NONE
        if (next !== NONE) most = Math.max(most, units + (best[next] ?? 0))
      }
      better[state] = most
    }
    best = better
    return best.reduce((most, value) => Math.max(most, value), 0)
  })
}
