import type { Pruner } from './pruner.ts'

/** Clients looked at in one go of the timer, and how long it may take, which is looked at now and then. */
const LOOKED_AT_PER_GO = 1000
const LONGEST_GO_MS = 0.5
const LOOKED_AT_BETWEEN = 100

/** Pause between two goes: the shortest, while there is something to forget, and the longest. */
const SHORTEST_PAUSE_MS = 2
const LONGEST_PAUSE_MS = 1000

/** While nothing is found expired, one pass over all clients is spread over this long. */
const QUIET_PASS_MS = 30_000

/** Prunes by itself, in pieces too small to be felt, so that memory comes back without any request. */
export class PruningTimer {
  readonly #pruners: readonly Pruner[]
  readonly #now: () => number
  #timer: NodeJS.Timeout | undefined

  /** Begins at once, so that no charge ever has to set a timer. */
  constructor(pruners: readonly Pruner[], now: () => number) {
    this.#pruners = pruners
    this.#now = now
    this.#schedule(LONGEST_PAUSE_MS)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #go(): void {
    const pauses = this.#pruners.map((pruner) =>
      goOver(pruner, this.#now()) > 0 ? SHORTEST_PAUSE_MS : quietPauseMs(pruner.clients),
    )
    this.#schedule(Math.min(...pauses))
  }

  #schedule(pauseMs: number): void {
    // Held weakly: a store that its owner has dropped without closing it must not live on for its timer.
    const self = new WeakRef(this)
    this.#timer = setTimeout(() => {
      const timer = self.deref()
      if (timer !== undefined) timer.#go()
    }, pauseMs)
    // A process that has nothing else to do must be able to end.
    this.#timer.unref()
  }
}

function goOver(pruner: Pruner, nowMs: number): number {
  const endMs = performance.now() + LONGEST_GO_MS
  let forgotten = 0
  for (let looked = 0; looked < LOOKED_AT_PER_GO && pruner.clients > 0; looked += LOOKED_AT_BETWEEN) {
    forgotten += pruner.prune(nowMs, LOOKED_AT_BETWEEN)
    if (performance.now() >= endMs) break
  }
  return forgotten
}

function quietPauseMs(clients: number): number {
  const goesPerPass = Math.max(1, Math.ceil(clients / LOOKED_AT_PER_GO))
  return Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, QUIET_PASS_MS / goesPerPass))
}
