/*
 * Forgets expired clients, a few at a time: a {@link Pruner} when it is called, a {@link PruningTimer} by itself, so
 * that memory is given back even when no request comes. No decision depends on it.
 */
import { startInBackground } from '../../../background-timer.ts'
import { ClientCursor, type ClientRows } from '../client-cursor.ts'
import type { ClientTable } from '../table/client-table.ts'
import { rowAt } from '../table/row-store.ts'

/** Never goes through the whole table at once: each call continues where the last one stopped. */
export class Pruner {
  readonly #table: ClientTable
  readonly #client: ClientCursor
  /** Index of the size class whose rows are checked now. */
  #sizeClass = 0
  /** Rows of it that are still to be checked. From the last row on, because a row that fills a gap was checked. */
  #unchecked = 0
  /** The first expiry of the clients that were checked and kept since this was set to infinity. */
  soonestMs: number = Number.POSITIVE_INFINITY

  constructor(clients: ClientRows) {
    this.#table = clients.table
    this.#client = new ClientCursor(clients)
  }

  /** Clients in the table. */
  get clients(): number {
    return this.#table.size
  }

  /** Checks up to `mostClients` clients, and returns how many of them it forgot. */
  prune(nowMs: number, mostClients: number): number {
    let forgotten = 0
    for (let checked = 0; checked < mostClients && this.clients > 0; checked++) {
      this.#client.goTo(this.#nextRow())
      const { expiresAtMs } = this.#client
      if (expiresAtMs > nowMs) {
        if (expiresAtMs < this.soonestMs) this.soonestMs = expiresAtMs
        continue
      }
      this.#client.remove()
      forgotten++
    }
    return forgotten
  }

  #nextRow(): number {
    const { sizeClasses } = this.#table.rows
    let sizeClass = sizeClasses[this.#sizeClass]
    // Rows may have been removed since the last call.
    this.#unchecked = Math.min(this.#unchecked, sizeClass?.rows ?? 0)
    while (sizeClass === undefined || this.#unchecked === 0) {
      this.#sizeClass = (this.#sizeClass + 1) % sizeClasses.length
      sizeClass = sizeClasses[this.#sizeClass]
      this.#unchecked = sizeClass?.rows ?? 0
    }
    this.#unchecked--
    return rowAt(sizeClass, this.#unchecked)
  }
}

/** Clients checked in one run of the timer, the time a run may take, and the clients checked between looks at it. */
const CHECKED_PER_RUN = 1000
const LONGEST_RUN_MS = 0.5
const CHECKED_PER_STEP = 100

/** The shortest pause between two runs: while there are clients to forget. */
const SHORTEST_PAUSE_MS = 2

/** While no client is found expired, the timer takes so long to check all clients once. */
const QUIET_PASS_MS = 30_000

/**
 * The longest pause. Where one run has checked all clients, the next one is when the first of them expires. But clients
 * that come later may expire before that.
 */
const LONGEST_PAUSE_MS = 600_000

/** Prunes by itself, in runs so short that requests do not notice them. */
export class PruningTimer {
  readonly #pruners: readonly Pruner[]
  readonly #now: () => number
  /** Undefined while there is no timer. */
  #endTimer: (() => void) | undefined

  constructor(pruners: readonly Pruner[], now: () => number) {
    this.#pruners = pruners
    this.#now = now
  }

  /** To be called before a client is added. The timer stops by itself when no client is left. */
  start(): void {
    if (this.#endTimer === undefined) this.#schedule(QUIET_PASS_MS)
  }

  stop(): void {
    this.#endTimer?.()
    this.#endTimer = undefined
  }

  #run(): void {
    const pauseMs = Math.min(...this.#pruners.map((pruner) => pruneForOneRun(pruner, this.#now())))
    if (pauseMs === Number.POSITIVE_INFINITY) this.stop()
    else this.#schedule(pauseMs)
  }

  #schedule(pauseMs: number): void {
    // A weak reference: the timer must not keep a store in memory that was dropped without being closed.
    const self = new WeakRef(this)
    const run = (): void => {
      const timer = self.deref()
      if (timer !== undefined) timer.#run()
    }
    this.#endTimer = startInBackground(() => setTimeout(run, pauseMs))
  }
}

/** Returns the pause before the next run. It is infinite if no client is left. */
function pruneForOneRun(pruner: Pruner, nowMs: number): number {
  const endMs = performance.now() + LONGEST_RUN_MS
  const clients = pruner.clients
  // A pass may miss a client whose row moves meanwhile. The next pass finds it.
  const mostChecked = Math.min(2 * clients, CHECKED_PER_RUN)
  let checked = 0
  let forgotten = 0
  pruner.soonestMs = Number.POSITIVE_INFINITY
  while (checked < mostChecked && pruner.clients > 0) {
    const step = Math.min(CHECKED_PER_STEP, mostChecked - checked)
    forgotten += pruner.prune(nowMs, step)
    checked += step
    if (performance.now() >= endMs) break
  }
  if (pruner.clients === 0) return Number.POSITIVE_INFINITY
  if (forgotten > 0) return checked < clients ? SHORTEST_PAUSE_MS : quietPauseMs(pruner.clients)
  const untilExpiryMs = checked < clients ? 0 : pruner.soonestMs - nowMs
  return Math.min(LONGEST_PAUSE_MS, Math.max(quietPauseMs(pruner.clients), untilExpiryMs))
}

function quietPauseMs(clients: number): number {
  return Math.max(SHORTEST_PAUSE_MS, QUIET_PASS_MS / Math.ceil(clients / CHECKED_PER_RUN))
}
