import type { Algorithm, AlgorithmResult, ChargeRecord } from '../../../src/limits/algorithm.ts'
import { ALGORITHM_NAMES, type AlgorithmState, algorithmOf } from '../../../src/limits/algorithms.ts'
import {
  type BanRule,
  type BanState,
  banAt,
  banEndsInMs,
  banned,
  withRefusal,
} from '../../../src/limits/ban.ts'
import type { Ban, Decision, Receipt } from '../../../src/limits/decision.ts'
import type { Limit } from '../../../src/limits/limit.ts'
import type { Charge, Store, StoreCapabilities } from '../../../src/stores/store.ts'
import type { FakeClock } from '../../../src/tools/testing/index.ts'

type State = AlgorithmState

/** One client of a {@link SimpleStore}. */
export interface Client {
  /** By what {@link SimpleStore.counterOf} returns for the limits. */
  readonly states: Map<string, State>
  /** The limits that the states were written with. */
  readonly limits: Map<string, Limit>
  ban: BanState | undefined
}

/** A receipt of a {@link SimpleStore}. */
export interface SimpleReceipt {
  readonly key: string
  readonly client: Client
  readonly limits: readonly Limit[]
  /** What is recorded of the charge, by what {@link SimpleStore.counterOf} returns for the limits. */
  readonly records: Map<string, ChargeRecord>
  readonly cost: number
}

/** A charge whose results are calculated and not yet written. */
export interface Plan {
  readonly charge: Charge
  readonly client: Client
  /** The results of the charge, one for each limit. */
  readonly results: readonly AlgorithmResult<State>[]
  /** The ban of the client; undefined where it has none. */
  readonly ban: Ban | undefined
}

/**
 * A simple store with all capabilities, which uses the algorithms of the package. Each step is a method, so
 * that a broken store can override one step and leave the others right.
 */
export class SimpleStore implements Store {
  readonly capabilities: StoreCapabilities = {
    algorithms: ALGORITHM_NAMES,
    severalLimits: true,
    bans: true,
    shared: false,
  }
  protected readonly clients: Map<string, Client> = new Map()
  protected readonly finalReceipts: Set<Receipt> = new Set()
  protected readonly clock: FakeClock

  constructor(clock: FakeClock) {
    this.clock = clock
  }

  consume(charge: Charge): Decision | Promise<Decision> {
    return this.execute(this.plan(charge))
  }

  peek(charge: Charge): Decision {
    const { client, results, ban } = this.plan(charge)
    return this.decision(charge, results, this.calculate(client, charge, 0), ban)
  }

  settle(receipt: Receipt, cost: number): number {
    const { key, client, records } = receipt as SimpleReceipt
    if (!this.finalReceipts.has(receipt) && this.clients.get(this.keyOf(key)) === client) {
      if (cost === 0) this.finalReceipts.add(receipt)
      this.change(receipt as SimpleReceipt, client, cost)
    }
    return Math.max(...[...records.values()].map(([units]) => units))
  }

  block(key: string, forMs: number): void {
    this.clientOf(key).ban = banned(this.clock.now(), forMs)
  }

  unblock(key: string): void {
    this.clientOf(key).ban = undefined
  }

  reset(key: string): void {
    this.clients.delete(this.keyOf(key))
  }

  resetAll(): void {
    this.clients.clear()
  }

  close(): void {
    this.clients.clear()
  }

  protected keyOf(key: string): string {
    return key
  }

  /** What identifies the counter of a limit among those of a client. */
  protected counterOf({ name, algorithm, windowMs, calendar }: Limit): string {
    return JSON.stringify([name, algorithm, windowMs, calendar?.id])
  }

  protected algorithm(limit: Limit): Algorithm<State> {
    return algorithmOf(limit)
  }

  protected clientOf(key: string): Client {
    const client = this.clients.get(this.keyOf(key)) ?? {
      states: new Map(),
      limits: new Map(),
      ban: undefined,
    }
    this.clients.set(this.keyOf(key), client)
    return client
  }

  protected plan(charge: Charge): Plan {
    const client = this.clientOf(charge.key)
    this.rewind(client, charge.limits)
    return { charge, client, results: this.calculate(client, charge, charge.cost), ban: this.banOf(client) }
  }

  protected execute(plan: Plan): Decision | Promise<Decision> {
    const { charge, client, results, ban } = plan
    if (ban === undefined && results.every(({ allowed }) => allowed)) return this.take(plan)
    const banNow = ban ?? this.countRefusal(client, charge)
    return this.decision(charge, results, this.calculate(client, charge, 0), banNow)
  }

  protected take({ charge, client, results }: Plan): Decision {
    const { key, limits, cost } = charge
    limits.forEach((limit, index) => {
      const result = results[index]
      if (result !== undefined) client.states.set(this.counterOf(limit), result.state)
    })
    const nowMs = this.clock.now()
    const records = new Map<string, ChargeRecord>()
    limits.forEach((limit, index) => {
      const state = results[index]?.state
      if (state === undefined) return
      records.set(this.counterOf(limit), this.algorithm(limit).recordOf(state, nowMs, limit, cost))
    })
    const receipt: SimpleReceipt = { key, client, limits, records, cost }
    return { ...this.decision(charge, results, results, undefined), receipt }
  }

  protected calculate(client: Client, { limits }: Charge, cost: number): readonly AlgorithmResult<State>[] {
    const nowMs = this.clock.now()
    return limits.map((limit) =>
      this.algorithm(limit).charge(client.states.get(this.counterOf(limit)), nowMs, limit, cost),
    )
  }

  protected banOf(client: Client): Ban | undefined {
    const endsInMs = banEndsInMs(client.ban, this.clock.now())
    return endsInMs === 0 ? undefined : { endsInMs, isNew: false }
  }

  /** Counts a refusal. Returns the ban that it causes, or undefined. */
  protected countRefusal(client: Client, { ban: rule }: Charge): Ban | undefined {
    if (rule === undefined) return undefined
    client.ban = this.withRefusal(client.ban, rule)
    const ban = this.banOf(client)
    return ban === undefined ? undefined : { ...ban, isNew: true }
  }

  protected withRefusal(state: BanState | undefined, rule: BanRule): BanState {
    return withRefusal(state, this.clock.now(), rule)
  }

  protected rewind(client: Client, limits: readonly Limit[]): void {
    const nowMs = this.clock.now()
    if (client.ban !== undefined) client.ban = banAt(client.ban, nowMs)
    for (const limit of limits) {
      const counter = this.counterOf(limit)
      const [state, before] = [client.states.get(counter), client.limits.get(counter) ?? limit]
      client.limits.set(counter, limit)
      if (state === undefined) continue
      const algorithm = this.algorithm(limit)
      const kept = algorithm.withLimit?.(state, before, limit, nowMs) ?? state
      client.states.set(counter, algorithm.rewind(kept, nowMs, limit))
    }
  }

  /** Sets a charge to `cost` units. */
  protected change({ limits, records }: SimpleReceipt, client: Client, cost: number): void {
    const nowMs = this.clock.now()
    this.rewind(client, limits)
    for (const limit of limits) {
      const counter = this.counterOf(limit)
      const [state, record] = [client.states.get(counter), records.get(counter)]
      if (state === undefined || record === undefined) continue
      const settled = this.algorithm(limit).settle(state, record, nowMs, limit, cost)
      client.states.set(counter, settled.state)
      records.set(counter, settled.record)
    }
  }

  /**
   * The decision about a charge.
   *
   * @param results whether the limits allow the charge
   * @param shown the results whose remaining units the decision shows
   */
  protected decision(
    { limits }: Charge,
    results: readonly AlgorithmResult<State>[],
    shown: readonly AlgorithmResult<State>[],
    ban: Ban | undefined,
  ): Decision {
    const retryAfterMs = Math.max(ban?.endsInMs ?? 0, ...results.map((result) => result.retryAfterMs))
    return {
      allowed: retryAfterMs === 0,
      retryAfterMs,
      limits: limits.map(({ name, burst }, index) => {
        const { remaining = 0, resetMs = 0 } = shown[index] ?? {}
        return ban === undefined
          ? { name, limit: burst, remaining, resetMs }
          : { name, limit: burst, remaining: 0, resetMs: retryAfterMs }
      }),
      ...(ban === undefined ? {} : { ban }),
    }
  }
}
