import type { Ban, Decision, Receipt } from '../../../src/limits/decision.ts'
import type { AlgorithmName, Limit } from '../../../src/limits/limit.ts'
import type { Charge, Store, StoreCapabilities } from '../../../src/stores/store.ts'
import type { FakeClock } from '../../../src/tools/testing/index.ts'

/** An allowed charge. It has no units after a refund. */
interface LogEntry {
  readonly counters: readonly string[]
  atMs: number
  units: number
}

interface Client {
  readonly log: LogEntry[]
  refusalsMs: number[]
  ban: { sinceMs: number; forMs: number } | undefined
}

/** The state of a limit for one client, and the wait for a number of units. */
interface LimitReading {
  readonly remaining: number
  readonly resetMs: number
  /** Units that are used above what the limit has, after its amount has become smaller. A bucket forgets them. */
  readonly excess?: number
  waitMs(units: number): number
}

/** The time until which a sliding window counts a charge. */
type CountsUntil = (atMs: number, windowMs: number) => number

const exactlyOneWindow: CountsUntil = (atMs, windowMs) => atMs + windowMs

type Reader = (
  log: readonly LogEntry[],
  nowMs: number,
  limit: Limit,
  countsUntil: CountsUntil,
) => LimitReading

/** Reads the log from its beginning to find the charges that opened a window, and those in the window. */
const fixedWindow: Reader = (log, nowMs, { limit, windowMs }) => {
  let [endMs, used] = [Number.NEGATIVE_INFINITY, 0]
  for (const { atMs, units } of log) {
    if (atMs >= endMs) [endMs, used] = [atMs + windowMs, 0]
    used += units
  }
  if (nowMs >= endMs) [endMs, used] = [nowMs + windowMs, 0]
  return {
    remaining: limit - used,
    resetMs: endMs - nowMs,
    waitMs: (units) => (used + units > limit ? endMs - nowMs : 0),
  }
}

/** Every charge counts for one window. */
const slidingWindow: Reader = (log, nowMs, { limit, windowMs }, countsUntil) => {
  const counting = log.filter(({ atMs, units }) => units > 0 && countsUntil(atMs, windowMs) > nowMs)
  const used = counting.reduce((sum, { units }) => sum + units, 0)
  return {
    remaining: limit - used,
    resetMs: Math.min(windowMs, countsUntil(counting[0]?.atMs ?? nowMs, windowMs) - nowMs),
    waitMs: (cost) => {
      let left = limit - used
      let waitMs = 0
      for (const { atMs, units } of counting) {
        if (left >= cost) break
        left += units
        waitMs = countsUntil(atMs, windowMs) - nowMs
      }
      return waitMs
    },
  }
}

/** A leaky bucket. A unit is `windowMs` drops. `limit` drops leak in a millisecond. */
const tokenBucket: Reader = (log, nowMs, { limit, windowMs, burst }) => {
  let [level, lastMs] = [0, log[0]?.atMs ?? nowMs]
  const leak = (atMs: number): void => {
    level = Math.max(0, level - (atMs - lastMs) * limit)
    lastMs = atMs
  }
  for (const { atMs, units } of log) {
    leak(atMs)
    level += units * windowMs
  }
  leak(nowMs)
  const waitMs = (units: number): number =>
    Math.ceil(Math.max(0, level + units * windowMs - burst * windowMs) / limit)
  const remaining = Math.floor((burst * windowMs - level) / windowMs)
  const excess = Math.max(0, level / windowMs - burst)
  return {
    remaining,
    excess,
    resetMs: remaining > 0 ? Math.ceil((remaining * windowMs) / limit) : waitMs(1),
    waitMs,
  }
}

const READERS: Readonly<Record<AlgorithmName, Reader>> = {
  'fixed-window': fixedWindow,
  'sliding-window': slidingWindow,
  'token-bucket': tokenBucket,
}

/**
 * A store that shares no code with the package. It keeps a log of every charge, and reads the whole log for
 * every decision. Its decisions are right by definition, so the suite must pass.
 */
export class ExactLogStore implements Store {
  readonly capabilities: StoreCapabilities = {
    algorithms: ['fixed-window', 'sliding-window', 'token-bucket'],
    severalLimits: true,
    bans: true,
    shared: false,
  }
  readonly #clients = new Map<string, Client>()
  readonly #clock: FakeClock
  readonly #countsUntil: CountsUntil

  constructor(clock: FakeClock, countsUntil: CountsUntil = exactlyOneWindow) {
    this.#clock = clock
    this.#countsUntil = countsUntil
  }

  consume(charge: Charge): Decision {
    const nowMs = this.#clock.now()
    const client = this.#clientAt(charge.key, nowMs)
    const decision = this.peek(charge)
    if (decision.ban !== undefined) return decision
    if (!decision.allowed) {
      const rule = charge.ban
      if (rule === undefined) return decision
      const { windowMs, limit } = rule.refusals
      client.refusalsMs = [
        ...client.refusalsMs.filter((atMs) => this.#countsUntil(atMs, windowMs) > nowMs),
        nowMs,
      ]
      if (client.refusalsMs.length < limit) return decision
      this.block(charge.key, rule.forMs)
      return banned(charge, decision.retryAfterMs, { endsInMs: rule.forMs, isNew: true })
    }
    const receipt: LogEntry = { counters: charge.limits.map(counterOf), atMs: nowMs, units: charge.cost }
    client.log.push(receipt)
    return { ...this.#decisionOf(charge, client, nowMs), receipt }
  }

  peek(charge: Charge): Decision {
    const nowMs = this.#clock.now()
    const client = this.#clientAt(charge.key, nowMs)
    const waits = charge.limits.map((limit) => this.#read(limit, client, nowMs).waitMs(charge.cost))
    const retryAfterMs = Math.max(...waits)
    const endsInMs = client.ban === undefined ? 0 : client.ban.sinceMs + client.ban.forMs - nowMs
    if (endsInMs > 0) return banned(charge, retryAfterMs, { endsInMs, isNew: false })
    return { ...this.#decisionOf(charge, client, nowMs), allowed: retryAfterMs === 0, retryAfterMs }
  }

  refund(receipt: Receipt): void {
    ;(receipt as LogEntry).units = 0
  }

  block(key: string, forMs: number): void {
    const client = this.#clientAt(key, this.#clock.now())
    client.ban = { sinceMs: this.#clock.now(), forMs }
    client.refusalsMs = []
  }

  unblock(key: string): void {
    const client = this.#clientAt(key, this.#clock.now())
    client.ban = undefined
    client.refusalsMs = []
  }

  reset(key: string): void {
    this.#clients.delete(key)
  }

  resetAll(): void {
    this.#clients.clear()
  }

  /** The client. Times after `nowMs`, from before the clock was set back, are moved to `nowMs`. */
  #clientAt(key: string, nowMs: number): Client {
    const client = this.#clients.get(key) ?? { log: [], refusalsMs: [], ban: undefined }
    this.#clients.set(key, client)
    const aheadMs = Math.max(0, (client.log.at(-1)?.atMs ?? nowMs) - nowMs)
    for (const entry of client.log) entry.atMs -= aheadMs
    client.refusalsMs = client.refusalsMs.map((atMs) => Math.min(atMs, nowMs))
    if (client.ban !== undefined) client.ban.sinceMs = Math.min(client.ban.sinceMs, nowMs)
    return client
  }

  #read(limit: Limit, { log }: Client, nowMs: number): LimitReading {
    const counter = counterOf(limit)
    const read = (): LimitReading => {
      const counted = log.filter(({ counters }) => counters.includes(counter))
      return READERS[limit.algorithm](counted, nowMs, limit, this.#countsUntil)
    }
    const { excess = 0 } = read()
    if (excess > 0) log.push({ counters: [counter], atMs: nowMs, units: -excess })
    return read()
  }

  #decisionOf({ limits }: Charge, client: Client, nowMs: number): Decision {
    const states = limits.map((limit) => {
      const { remaining, resetMs } = this.#read(limit, client, nowMs)
      return { name: limit.name, limit: limit.burst, remaining: Math.max(0, remaining), resetMs }
    })
    return { allowed: true, retryAfterMs: 0, limits: states }
  }
}

/** What identifies the counter of a limit among those of a client. */
function counterOf({ name, algorithm, windowMs }: Limit): string {
  return JSON.stringify([name, algorithm, windowMs])
}

function banned({ limits }: Charge, waitMs: number, ban: Ban): Decision {
  const retryAfterMs = Math.max(waitMs, ban.endsInMs)
  const states = limits.map(({ name, burst }) => ({
    name,
    limit: burst,
    remaining: 0,
    resetMs: retryAfterMs,
  }))
  return { allowed: false, retryAfterMs, limits: states, ban }
}
