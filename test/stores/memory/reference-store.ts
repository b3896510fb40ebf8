import { type AlgorithmState, algorithmOf } from '../../../src/limits/algorithms.ts'
import { type BanState, banAt, banEndsInMs, banned, withRefusal } from '../../../src/limits/ban.ts'
import type { Ban, Decision, LimitState } from '../../../src/limits/decision.ts'
import type { Limit } from '../../../src/limits/limit.ts'
import type { Charge } from '../../../src/stores/store.ts'

/** Ids between two lives of a client: more than any trace of a test can use up. */
const IDS_OF_A_LIFE = 2 ** 16

interface Count {
  /** As it was charged last. */
  readonly limit: Limit
  readonly state: AlgorithmState
}

interface Client {
  readonly counts: readonly Count[]
  readonly ban: BanState | undefined
  readonly expiresAtMs: number
}

/** Who gives back what, by name and algorithm. */
export interface ReferenceReceipt {
  readonly key: string
  readonly taken: readonly Count[]
  readonly cost: number
}

export interface ReferenceAnswer {
  readonly decision: Omit<Decision, 'receipt'>
  readonly receipt: ReferenceReceipt | undefined
}

const NOBODY: Client = { counts: [], ban: undefined, expiresAtMs: 0 }

/**
 * What a store is to answer, kept in plain objects that are never changed, and asked of the limits directly. It
 * forgets whoever has expired when it is told to, and nobody else: it has no ceiling.
 */
export class ReferenceStore {
  readonly #clients = new Map<string, Client>()
  readonly #spent = new WeakSet<ReferenceReceipt>()
  #lives = 0

  get size(): number {
    return this.#clients.size
  }

  consume(charge: Charge, nowMs: number): ReferenceAnswer {
    const { limits, cost, key } = charge
    const client = this.#settled(charge, nowMs)
    const asked = outcomes(client, limits, nowMs, cost)
    const isAdmitted = banEndsInMs(client?.ban, nowMs) === 0 && asked.every(({ allowed }) => allowed)
    if (!isAdmitted) return { decision: this.#refused(charge, client, nowMs), receipt: undefined }
    const counts = limits.map((limit) => {
      const state = countOf(client, limit)?.state ?? algorithmOf(limit).initialState(this.#newId())
      return { limit, state: algorithmOf(limit).charge(state, nowMs, limit, cost).state }
    })
    const expiresAtMs = Math.max(client?.expiresAtMs ?? 0, nowMs + longestTtlMs(limits))
    const charged = { counts, ban: client?.ban, expiresAtMs }
    this.#clients.set(key, charged)
    const repeatAfterMs = longestWait(outcomes(charged, limits, nowMs, cost))
    const decision = {
      allowed: true,
      retryAfterMs: 0,
      limits: asked.map(({ state }) => state),
      ...(repeatAfterMs > 0 ? { repeatAfterMs } : {}),
    }
    return { decision, receipt: { key, taken: counts, cost } }
  }

  peek(charge: Charge, nowMs: number): Omit<Decision, 'receipt'> {
    const client = this.#settled(charge, nowMs)
    const endsInMs = banEndsInMs(client?.ban, nowMs)
    if (endsInMs > 0) return bannedDecision(charge, client, nowMs, { endsInMs, isNew: false })
    const asked = outcomes(client, charge.limits, nowMs, charge.cost)
    if (asked.some(({ allowed }) => !allowed)) return refusal(charge, client, nowMs)
    const standing = outcomes(client, charge.limits, nowMs, 0).map(({ state }) => state)
    return { allowed: true, retryAfterMs: 0, limits: standing }
  }

  /** Once, where the client is known: until then a receipt may be shown again and again. */
  refund(receipt: ReferenceReceipt, nowMs: number): void {
    const { key, taken, cost } = receipt
    const client = this.#clients.get(key)
    if (client === undefined || this.#spent.has(receipt)) return
    this.#spent.add(receipt)
    const settled = settle(client, nowMs)
    const counts = settled.counts.map(({ limit, state }) => {
      const before = taken.find((count) => isSame(count.limit, limit))
      if (before === undefined) return { limit, state }
      return { limit, state: algorithmOf(limit).refund(state, before.state, nowMs, before.limit, cost) }
    })
    this.#clients.set(key, { ...settled, counts })
  }

  block(key: string, forMs: number, nowMs: number): void {
    const client = this.#clients.get(key) ?? NOBODY
    const expiresAtMs = nowMs + Math.max(forMs, longestTtlMs(client.counts.map(({ limit }) => limit)))
    this.#clients.set(key, { ...client, ban: banned(nowMs, forMs), expiresAtMs })
  }

  unblock(key: string, nowMs: number): void {
    const client = this.#clients.get(key)
    if (client === undefined) return
    const expiresAtMs = nowMs + longestTtlMs(client.counts.map(({ limit }) => limit))
    if (client.counts.length === 0) this.#clients.delete(key)
    else this.#clients.set(key, { ...client, ban: undefined, expiresAtMs })
  }

  reset(key: string): void {
    this.#clients.delete(key)
  }

  resetAll(): void {
    this.#clients.clear()
  }

  /** Forgets everybody who has expired. */
  prune(nowMs: number): void {
    for (const [key, { expiresAtMs }] of this.#clients) if (expiresAtMs <= nowMs) this.#clients.delete(key)
  }

  #settled({ key }: Charge, nowMs: number): Client | undefined {
    const client = this.#clients.get(key)
    if (client === undefined) return undefined
    const settled = settle(client, nowMs)
    this.#clients.set(key, settled)
    return settled
  }

  #refused(charge: Charge, client: Client | undefined, nowMs: number): Omit<Decision, 'receipt'> {
    const endsInMs = banEndsInMs(client?.ban, nowMs)
    if (endsInMs > 0) return bannedDecision(charge, client, nowMs, { endsInMs, isNew: false })
    const { ban: rule, key } = charge
    if (rule === undefined) return refusal(charge, client, nowMs)
    const ban = withRefusal(client?.ban, nowMs, rule)
    const newEndsInMs = banEndsInMs(ban, nowMs)
    const untilMs = nowMs + Math.max(rule.refusals.windowMs, newEndsInMs)
    const noted = client ?? NOBODY
    this.#clients.set(key, { ...noted, ban, expiresAtMs: Math.max(noted.expiresAtMs, untilMs) })
    if (newEndsInMs === 0) return refusal(charge, client, nowMs)
    return bannedDecision(charge, client, nowMs, { endsInMs: newEndsInMs, isNew: true })
  }

  #newId(): number {
    this.#lives++
    return (this.#lives * IDS_OF_A_LIFE) % 2 ** 32
  }
}

interface Asked {
  readonly allowed: boolean
  readonly waitMs: number
  readonly state: LimitState
}

function outcomes(
  client: Client | undefined,
  limits: readonly Limit[],
  nowMs: number,
  cost: number,
): readonly Asked[] {
  return limits.map((limit) => {
    const count = countOf(client, limit)
    const outcome = algorithmOf(limit).charge(count?.state, nowMs, limit, cost)
    const { allowed, remaining, resetMs, retryAfterMs } = outcome
    const state = { name: limit.name, limit: limit.burst, remaining, resetMs }
    return { allowed, waitMs: retryAfterMs, state }
  })
}

function refusal(charge: Charge, client: Client | undefined, nowMs: number): Omit<Decision, 'receipt'> {
  const asked = outcomes(client, charge.limits, nowMs, charge.cost)
  const standing = outcomes(client, charge.limits, nowMs, 0)
  const limits = asked.map(({ allowed, state }, index) => (allowed ? standing[index]?.state : state))
  const shown = limits.filter((state) => state !== undefined)
  return { allowed: false, retryAfterMs: longestWait(asked), limits: shown }
}

function bannedDecision(
  { limits, cost }: Charge,
  client: Client | undefined,
  nowMs: number,
  ban: Ban,
): Omit<Decision, 'receipt'> {
  const retryAfterMs = Math.max(ban.endsInMs, longestWait(outcomes(client, limits, nowMs, cost)))
  const states = limits.map(({ name, burst }) => ({
    name,
    limit: burst,
    remaining: 0,
    resetMs: retryAfterMs,
  }))
  return { allowed: false, retryAfterMs, limits: states, ban }
}

function settle(client: Client, nowMs: number): Client {
  const counts = client.counts.map(({ limit, state }) => {
    return { limit, state: algorithmOf(limit).rewind(state, nowMs, limit) }
  })
  return { ...client, counts, ban: client.ban && banAt(client.ban, nowMs) }
}

function countOf(client: Client | undefined, limit: Limit): Count | undefined {
  return client?.counts.find((count) => isSame(count.limit, limit))
}

function isSame(one: Limit, other: Limit): boolean {
  return one.name === other.name && one.algorithm === other.algorithm
}

function longestWait(asked: readonly Asked[]): number {
  return Math.max(...asked.map(({ waitMs }) => waitMs))
}

function longestTtlMs(limits: readonly Limit[]): number {
  return Math.max(0, ...limits.map(({ ttlMs }) => ttlMs))
}
