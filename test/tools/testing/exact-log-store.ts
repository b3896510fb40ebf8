import type { Ban, Decision, Receipt } from '../../../src/limits/decision.ts'
import type { ChosenAlgorithm, Limit } from '../../../src/limits/limit.ts'
import type { Charge, Store, StoreCapabilities } from '../../../src/stores/store.ts'
import type { FakeClock } from '../../../src/tools/testing/index.ts'

/** Units that were taken. It has no units after a refund. */
interface LogEntry {
  readonly counters: readonly string[]
  atMs: number
  units: number
  /** Another amount of a token bucket from then on. */
  readonly change?: { readonly from: Limit; readonly to: Limit }
}

/** An allowed charge. */
interface LoggedCharge extends LogEntry {
  readonly key: string
  readonly limits: readonly Limit[]
  /** What settlements have taken for it. */
  readonly more: LogEntry[]
}

interface Client {
  readonly log: LogEntry[]
  /** The limit of each counter at the last charge. */
  readonly limits: Map<string, Limit>
  refusalsMs: number[]
  ban: { sinceMs: number; forMs: number } | undefined
}

/** The state of a limit for one client, and the wait for a number of units. */
interface LimitReading {
  readonly remaining: number
  readonly resetMs: number
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
  const waitMs = (cost: number): number => {
    let left = limit - used
    let ms = 0
    for (const { atMs, units } of counting) {
      if (left >= cost) break
      left += units
      ms = countsUntil(atMs, windowMs) - nowMs
    }
    return ms
  }
  const oldestMs = countsUntil(counting[0]?.atMs ?? nowMs, windowMs) - nowMs
  return { remaining: limit - used, resetMs: Math.min(windowMs, used > limit ? waitMs(1) : oldestMs), waitMs }
}

/** A leaky bucket. A unit is `windowMs` drops. `limit` drops leak in a millisecond. */
const tokenBucket: Reader = (log, nowMs, { limit, windowMs, burst }) => {
  let [level, lastMs] = [0, log[0]?.atMs ?? nowMs]
  const leak = (atMs: number, rate: number): void => {
    level = Math.max(0, level - (atMs - lastMs) * rate)
    lastMs = atMs
  }
  log.forEach(({ atMs, units, change }, index) => {
    const nextChange = log.slice(index).find((entry) => entry.change !== undefined)?.change
    leak(atMs, nextChange?.from.limit ?? limit)
    level += units * windowMs
    if (change === undefined) return
    const { from, to } = change
    const owed = level > from.burst * windowMs ? maxDebtOf(to) : 0
    level = Math.min(level, (to.burst + owed) * windowMs)
  })
  leak(nowMs, limit)
  const waitMs = (units: number): number =>
    Math.ceil(Math.max(0, level + units * windowMs - burst * windowMs) / limit)
  const remaining = Math.floor((burst * windowMs - level) / windowMs)
  return { remaining, resetMs: remaining > 0 ? Math.ceil((remaining * windowMs) / limit) : waitMs(1), waitMs }
}

const READERS: Readonly<Record<ChosenAlgorithm, Reader>> = {
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
    const { key, limits, cost } = charge
    const receipt: LoggedCharge = {
      ...{ key, limits, counters: limits.map(counterOf) },
      ...{ atMs: nowMs, units: cost, more: [] },
    }
    client.log.push(receipt)
    return { ...this.#decisionOf(charge, client, nowMs), receipt }
  }

  peek(charge: Charge): Decision {
    const nowMs = this.#clock.now()
    const client = this.#clientAt(charge.key, nowMs)
    noteLimits(charge.limits, client, nowMs)
    const waits = charge.limits.map((limit) => this.#read(limit, client, nowMs).waitMs(charge.cost))
    const retryAfterMs = Math.max(...waits)
    const endsInMs = client.ban === undefined ? 0 : client.ban.sinceMs + client.ban.forMs - nowMs
    if (endsInMs > 0) return banned(charge, retryAfterMs, { endsInMs, isNew: false })
    return { ...this.#decisionOf(charge, client, nowMs), allowed: retryAfterMs === 0, retryAfterMs }
  }

  settle(receipt: Receipt, cost: number): number {
    const nowMs = this.#clock.now()
    const charge = receipt as LoggedCharge
    const { key, limits, more, counters } = charge
    const client = this.#clientAt(key, nowMs)
    noteLimits(limits, client, nowMs)
    const parts: readonly LogEntry[] = [charge, ...more]
    const recorded = parts.reduce((sum, { units }) => sum + units, 0)
    if (recorded === 0 || limits.every((limit) => this.#isOver(limit, charge, client, nowMs))) return recorded
    const rooms = limits.map((limit) => this.#read(limit, client, nowMs).remaining + maxDebtOf(limit))
    const change = Math.min(cost - recorded, Math.max(0, ...rooms))
    if (change > 0) {
      const entry = { counters, atMs: nowMs, units: change }
      more.push(entry)
      client.log.push(entry)
    }
    let left = Math.max(0, -change)
    for (const part of parts.toReversed()) {
      const given = Math.min(left, part.units)
      part.units -= given
      left -= given
    }
    return recorded + change
  }

  /** Whether the window of a charge is over. */
  #isOver(limit: Limit, { atMs }: LogEntry, { log }: Client, nowMs: number): boolean {
    const { algorithm, windowMs, burst } = limit
    if (algorithm === 'token-bucket') return nowMs >= atMs + (burst * windowMs) / limit.limit
    // However long the store counts the charge.
    if (algorithm === 'sliding-window') return atMs + windowMs <= nowMs
    let endMs = Number.NEGATIVE_INFINITY
    for (const entry of log) if (entry.atMs <= atMs && entry.atMs >= endMs) endMs = entry.atMs + windowMs
    return nowMs >= endMs
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
    const client = this.#clients.get(key) ?? { log: [], limits: new Map(), refusalsMs: [], ban: undefined }
    this.#clients.set(key, client)
    const aheadMs = Math.max(0, (client.log.at(-1)?.atMs ?? nowMs) - nowMs)
    for (const entry of client.log) entry.atMs -= aheadMs
    client.refusalsMs = client.refusalsMs.map((atMs) => Math.min(atMs, nowMs))
    if (client.ban !== undefined) client.ban.sinceMs = Math.min(client.ban.sinceMs, nowMs)
    return client
  }

  #read(limit: Limit, { log }: Client, nowMs: number): LimitReading {
    const counted = log.filter(({ counters }) => counters.includes(counterOf(limit)))
    if (limit.algorithm === 'calendar-window') throw new Error('this store has no calendar windows')
    return READERS[limit.algorithm](counted, nowMs, limit, this.#countsUntil)
  }

  #decisionOf({ limits }: Charge, client: Client, nowMs: number): Decision {
    const states = limits.map((limit) => {
      const { remaining, resetMs } = this.#read(limit, client, nowMs)
      return { name: limit.name, limit: limit.burst, remaining: Math.max(0, remaining), resetMs }
    })
    return { allowed: true, retryAfterMs: 0, limits: states }
  }
}

/** Logs that the amount of a token bucket is another one than at the last charge. */
function noteLimits(limits: readonly Limit[], client: Client, atMs: number): void {
  for (const limit of limits) {
    const counter = counterOf(limit)
    const before = client.limits.get(counter) ?? limit
    client.limits.set(counter, limit)
    const isChanged = before.limit !== limit.limit || before.burst !== limit.burst
    if (!isChanged || limit.algorithm !== 'token-bucket') continue
    client.log.push({ counters: [counter], atMs, units: 0, change: { from: before, to: limit } })
  }
}

/** How many units a client can owe. */
function maxDebtOf({ maxDebt, burst }: Limit): number {
  return maxDebt ?? burst
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
