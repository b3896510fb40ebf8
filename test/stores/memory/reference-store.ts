import type { ChargeRecord } from '../../../src/limits/algorithm.ts'
import { type AlgorithmState, algorithmOf } from '../../../src/limits/algorithms.ts'
import { type BanState, banAt, banEndsInMs, banned, withRefusal } from '../../../src/limits/ban.ts'
import type { Ban, Decision, LimitState } from '../../../src/limits/decision.ts'
import type { Limit } from '../../../src/limits/limit.ts'
import type { Charge } from '../../../src/stores/store.ts'

/** Ids between two new clients: more than any trace of a test can use. */
const IDS_PER_CLIENT = 2 ** 16

interface Count {
  /** The limit at its latest charge. */
  readonly limit: Limit
  readonly state: AlgorithmState
}

interface Client {
  readonly counts: readonly Count[]
  readonly ban: BanState | undefined
  readonly expiresAtMs: number
}

/** A charge that can be settled. */
export interface ReferenceReceipt {
  readonly key: string
  readonly limits: readonly Limit[]
  /** In the order of the limits. */
  records: readonly ChargeRecord[]
}

export interface ReferenceAnswer {
  readonly decision: Omit<Decision, 'receipt'>
  readonly receipt: ReferenceReceipt | undefined
}

const UNKNOWN: Client = { counts: [], ban: undefined, expiresAtMs: 0 }

/**
 * A store of plain objects that are never changed, which charges its limits directly. It forgets expired clients when
 * `prune` is called, and no others: it has no ceiling.
 */
export class ReferenceStore {
  readonly #clients = new Map<string, Client>()
  readonly #final = new WeakSet<ReferenceReceipt>()
  #newClients = 0

  get size(): number {
    return this.#clients.size
  }

  consume(charge: Charge, nowMs: number): ReferenceAnswer {
    const { limits, cost, key } = charge
    const client = this.#adjusted(charge, nowMs)
    const results = resultsOf(client, limits, nowMs, cost)
    const isAllowed = banEndsInMs(client?.ban, nowMs) === 0 && results.every(({ allowed }) => allowed)
    if (!isAllowed) return { decision: this.#refused(charge, client, nowMs), receipt: undefined }
    const taken = limits.map((limit) => {
      const state = countOf(client, limit)?.state ?? algorithmOf(limit).initialState(this.#newId())
      return { limit, state: algorithmOf(limit).charge(state, nowMs, limit, cost).state }
    })
    const expiresAtMs = Math.max(client?.expiresAtMs ?? 0, nowMs + longestTtlMs(limits))
    const counts = [...taken, ...otherCounts(client, limits, nowMs)]
    const charged = { counts, ban: client?.ban, expiresAtMs }
    this.#clients.set(key, charged)
    const repeatAfterMs = longestWait(resultsOf(charged, limits, nowMs, cost))
    const decision = {
      allowed: true,
      retryAfterMs: 0,
      limits: results.map(({ state }) => state),
      ...(repeatAfterMs > 0 ? { repeatAfterMs } : {}),
    }
    const records = taken.map(({ limit, state }) => algorithmOf(limit).recordOf(state, nowMs, limit, cost))
    return { decision, receipt: { key, limits, records } }
  }

  peek(charge: Charge, nowMs: number): Omit<Decision, 'receipt'> {
    const client = this.#adjusted(charge, nowMs)
    const endsInMs = banEndsInMs(client?.ban, nowMs)
    if (endsInMs > 0) return bannedDecision(charge, client, nowMs, { endsInMs, isNew: false })
    const results = resultsOf(client, charge.limits, nowMs, charge.cost)
    if (results.some(({ allowed }) => !allowed)) return refusedDecision(charge, client, nowMs)
    const untouched = resultsOf(client, charge.limits, nowMs, 0).map(({ state }) => state)
    return { allowed: true, retryAfterMs: 0, limits: untouched }
  }

  /** Returns the units recorded now. A receipt of a client that is not known stays as it is. */
  settle(receipt: ReferenceReceipt, units: number, nowMs: number): number {
    const client = this.#clients.get(receipt.key)
    if (client !== undefined && !this.#final.has(receipt)) {
      if (units === 0) this.#final.add(receipt)
      const adjusted = adjust(client, receipt.limits, nowMs)
      const counts = adjusted.counts.map((count) => settledCount(count, receipt, units, nowMs))
      const expiresAtMs = Math.max(adjusted.expiresAtMs, ...counts.map((count) => overAtMs(count, nowMs)))
      this.#clients.set(receipt.key, { ...adjusted, counts, expiresAtMs })
    }
    return Math.max(...receipt.records.map(([recorded]) => recorded))
  }

  block(key: string, forMs: number, nowMs: number): void {
    const client = this.#clients.get(key) ?? UNKNOWN
    const untilMs = nowMs + Math.max(forMs, longestTtlMs(client.counts.map(({ limit }) => limit)))
    const expiresAtMs = Math.max(untilMs, ...client.counts.map((count) => overAtMs(count, nowMs)))
    this.#clients.set(key, { ...client, ban: banned(nowMs, forMs), expiresAtMs })
  }

  unblock(key: string, nowMs: number): void {
    const client = this.#clients.get(key)
    if (client === undefined) return
    const untilMs = nowMs + longestTtlMs(client.counts.map(({ limit }) => limit))
    const expiresAtMs = Math.max(untilMs, ...client.counts.map((count) => overAtMs(count, nowMs)))
    if (client.counts.length === 0) this.#clients.delete(key)
    else this.#clients.set(key, { ...client, ban: undefined, expiresAtMs })
  }

  reset(key: string): void {
    this.#clients.delete(key)
  }

  resetAll(): void {
    this.#clients.clear()
  }

  /** Forgets all expired clients. */
  prune(nowMs: number): void {
    for (const [key, { expiresAtMs }] of this.#clients) if (expiresAtMs <= nowMs) this.#clients.delete(key)
  }

  #adjusted({ key, limits }: Charge, nowMs: number): Client | undefined {
    const client = this.#clients.get(key)
    if (client === undefined) return undefined
    const adjusted = adjust(client, limits, nowMs)
    this.#clients.set(key, adjusted)
    return adjusted
  }

  #refused(charge: Charge, client: Client | undefined, nowMs: number): Omit<Decision, 'receipt'> {
    const endsInMs = banEndsInMs(client?.ban, nowMs)
    if (endsInMs > 0) return bannedDecision(charge, client, nowMs, { endsInMs, isNew: false })
    const { ban: rule, key } = charge
    if (rule === undefined) return refusedDecision(charge, client, nowMs)
    const ban = withRefusal(client?.ban, nowMs, rule)
    const newEndsInMs = banEndsInMs(ban, nowMs)
    const untilMs = nowMs + Math.max(rule.refusals.windowMs, newEndsInMs)
    const noted = client ?? UNKNOWN
    this.#clients.set(key, { ...noted, ban, expiresAtMs: Math.max(noted.expiresAtMs, untilMs) })
    if (newEndsInMs === 0) return refusedDecision(charge, client, nowMs)
    return bannedDecision(charge, client, nowMs, { endsInMs: newEndsInMs, isNew: true })
  }

  #newId(): number {
    this.#newClients++
    return (this.#newClients * IDS_PER_CLIENT) % 2 ** 32
  }
}

/** The counts of other limits that still count: as many as a client may have, those that count longest. */
function otherCounts(client: Client | undefined, limits: readonly Limit[], nowMs: number): readonly Count[] {
  const live = (client?.counts ?? []).filter(
    (count) => overAtMs(count, nowMs) > nowMs && !limits.some((limit) => isSame(limit, count.limit)),
  )
  const dropped = [...live]
    .sort((one, other) => overAtMs(one, nowMs) - overAtMs(other, nowMs))
    .slice(0, Math.max(0, live.length + limits.length - 16))
  return live.filter((count) => !dropped.includes(count))
}

interface Result {
  readonly allowed: boolean
  readonly waitMs: number
  readonly state: LimitState
}

function resultsOf(
  client: Client | undefined,
  limits: readonly Limit[],
  nowMs: number,
  cost: number,
): readonly Result[] {
  return limits.map((limit) => {
    const count = countOf(client, limit)
    const result = algorithmOf(limit).charge(count?.state, nowMs, limit, cost)
    const { allowed, remaining, resetMs, retryAfterMs } = result
    const state = { name: limit.name, limit: limit.burst, remaining, resetMs }
    return { allowed, waitMs: retryAfterMs, state }
  })
}

function refusedDecision(
  charge: Charge,
  client: Client | undefined,
  nowMs: number,
): Omit<Decision, 'receipt'> {
  const results = resultsOf(client, charge.limits, nowMs, charge.cost)
  const untouched = resultsOf(client, charge.limits, nowMs, 0)
  const limits = results.map(({ allowed, state }, index) => (allowed ? untouched[index]?.state : state))
  const shown = limits.filter((state) => state !== undefined)
  return { allowed: false, retryAfterMs: longestWait(results), limits: shown }
}

function bannedDecision(
  { limits, cost }: Charge,
  client: Client | undefined,
  nowMs: number,
  ban: Ban,
): Omit<Decision, 'receipt'> {
  const retryAfterMs = Math.max(ban.endsInMs, longestWait(resultsOf(client, limits, nowMs, cost)))
  const states = limits.map(({ name, burst }) => ({
    name,
    limit: burst,
    remaining: 0,
    resetMs: retryAfterMs,
  }))
  return { allowed: false, retryAfterMs, limits: states, ban }
}

/** The client on a clock that was set back, and with these limits in the place of others that they share a count with. */
function adjust(client: Client, limits: readonly Limit[], nowMs: number): Client {
  const counts = client.counts.map(({ limit: before, state: kept }) => {
    const limit = limits.find((one) => isSame(one, before)) ?? before
    const algorithm = algorithmOf(limit)
    const state = algorithm.withLimit?.(kept, before, limit, nowMs) ?? kept
    return { limit, state: algorithm.rewind(state, nowMs, limit) }
  })
  return { ...client, counts, ban: client.ban && banAt(client.ban, nowMs) }
}

function countOf(client: Client | undefined, limit: Limit): Count | undefined {
  return client?.counts.find((count) => isSame(count.limit, limit))
}

function isSame(one: Limit, other: Limit): boolean {
  const identityOf = ({ name, algorithm, windowMs, calendar }: Limit): string =>
    JSON.stringify([name, algorithm, windowMs, calendar?.id])
  return identityOf(one) === identityOf(other)
}

function longestWait(results: readonly Result[]): number {
  return Math.max(...results.map(({ waitMs }) => waitMs))
}

function longestTtlMs(limits: readonly Limit[]): number {
  return Math.max(0, ...limits.map(({ ttlMs }) => ttlMs))
}

function overAtMs({ limit, state }: Count, nowMs: number): number {
  return algorithmOf(limit).overAtMs(state, limit, nowMs)
}

/** A count after a settlement. The receipt gets the new record. */
function settledCount(count: Count, receipt: ReferenceReceipt, units: number, nowMs: number): Count {
  const place = receipt.limits.findIndex((limit) => isSame(limit, count.limit))
  const [limit, record] = [receipt.limits[place], receipt.records[place]]
  if (limit === undefined || record === undefined) return count
  const settled = algorithmOf(limit).settle(count.state, record, nowMs, limit, units)
  receipt.records = receipt.records.with(place, settled.record)
  return { limit: count.limit, state: settled.state }
}
