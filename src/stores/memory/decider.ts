/*
 * Decides charges of one client: asks each of its limits, writes what they keep, counts refusals towards a ban, and
 * composes the decision. It neither finds the client (memory-store.ts) nor chooses who is forgotten (capacity/).
 *
 * Twin: src/stores/memory/open-window-charge.ts
 * Twin: src/stores/redis/scripts/decide.lua
 */
import { type ChargeRecord, FirstIds } from '../../limits/algorithm.ts'
import { algorithmOf } from '../../limits/algorithms.ts'
import { banEndsInMs, banned, withRefusal } from '../../limits/ban.ts'
import type { Ban, Decision, LimitState } from '../../limits/decision.ts'
import type { Limit } from '../../limits/limit.ts'
import { CounterBound } from '../counter-bound.ts'
import type { Charge } from '../store.ts'
import type { ClientCursor } from './client-cursor.ts'
import {
  adjustToClock,
  type ClientEntry,
  emptyEntry,
  resultsOf,
  stateFor,
  withLimits,
} from './client-entry.ts'
import { bannedDecision, limitStateOf, limitStatesOf, refusedDecision } from './memory-decision.ts'
import { MemoryReceipt } from './memory-receipt.ts'
import { chargeOpenWindow, openWindowRecord } from './open-window-charge.ts'
import { type OtherCounters, otherCounters } from './other-counters.ts'
import type { Fingerprint } from './table/key-hash.ts'
import type { RowHead } from './table/row-format.ts'
import { longestTtlMs, type RowSchema, type RowSchemas } from './table/row-schemas.ts'

/** Makes room for a new client. Returns false when there is none. */
export type MakeRoom = (newClient: Fingerprint, nowMs: number) => boolean

/** A charge that every limit allows. Its states are in the draft of the cursor, and not written yet. */
interface DraftedCharge {
  readonly limits: LimitState[]
  /** What its receipt keeps; undefined where no receipt is wanted. */
  readonly records: ChargeRecord[] | undefined
  repeatAfterMs: number
}

/** Decides charges of the client that its cursor points at. */
export class Decider {
  readonly client: ClientCursor
  readonly #schemas: RowSchemas
  readonly #makeRoom: MakeRoom
  readonly #firstIds = new FirstIds()
  readonly #counterBound = new CounterBound('MemoryStore')

  constructor(client: ClientCursor, schemas: RowSchemas, makeRoom: MakeRoom) {
    this.client = client
    this.#schemas = schemas
    this.#makeRoom = makeRoom
  }

  /** Returns undefined when the client is new and there is no room for it. */
  consume(charge: Charge, nowMs: number): Decision | undefined {
    const schema = this.#schemas.use(charge.limits)
    return this.#consumeOpenWindow(charge, schema, nowMs) ?? this.#consume(charge, schema, nowMs)
  }

  /** What `consume` would answer if there were room. */
  peek(charge: Charge, nowMs: number): Decision {
    const { limits, cost } = charge
    const entry = this.#readClient(limits, nowMs)
    const results = resultsOf(entry, limits, nowMs, cost)
    const endsInMs = banEndsInMs(entry?.ban, nowMs)
    if (endsInMs > 0) return bannedDecision(limits, results, { endsInMs, isNew: false })
    if (results.some(({ allowed }) => !allowed)) return refusedDecision(limits, results, entry, nowMs)
    const untouched = resultsOf(entry, limits, nowMs, 0)
    return { allowed: true, retryAfterMs: 0, limits: limitStatesOf(limits, untouched) }
  }

  /** Writes what another store has decided. Does nothing where the client is new and there is no room for it. */
  seedFromRemote({ limits, cost }: Charge, remote: Decision, nowMs: number): void {
    const known = this.#readClient(limits, nowMs)
    if (known === undefined && !this.#makeRoom(this.client.fingerprint, nowMs)) return
    const entry = known ?? emptyEntry()
    const endsInMs = remote.ban?.endsInMs ?? 0
    const expiresAtMs = Math.max(entry.expiresAtMs, nowMs + Math.max(longestTtlMs(limits), endsInMs))
    if (remote.ban !== undefined) {
      // The decision on a banned client does not contain what its limits have left.
      this.client.write({ ...entry, ban: banned(nowMs, endsInMs), expiresAtMs })
      return
    }
    const states = limits.map((limit, index) => {
      const algorithm = algorithmOf(limit)
      const state = stateFor(entry, limits, index) ?? algorithm.initialState(this.#firstIds.next())
      const { remaining = 0, resetMs = 0 } = remote.limits[index] ?? {}
      const remoteState = { remaining, resetMs, retryAfterMs: remote.retryAfterMs, cost }
      return algorithm.seedFromRemote(state, remoteState, nowMs, limit)
    })
    const others = this.#othersOf(entry, limits, nowMs)
    const refusals = entry.ban?.refusals === undefined ? undefined : entry.ban
    this.client.write({
      limits: others?.allLimits ?? limits,
      states: [...states, ...(others?.states ?? [])],
      ban: refusals,
      expiresAtMs,
      refusedCost: remote.allowed ? 0 : cost,
    })
  }

  /** The most frequent decisions; undefined for any other charge. */
  #consumeOpenWindow(charge: Charge, schema: RowSchema, nowMs: number): Decision | undefined {
    const { client } = this
    const limit = charge.limits[0]
    if (limit === undefined || !client.isKnown) return undefined
    const decision = chargeOpenWindow(client, schema, limit, nowMs, charge)
    if (decision?.allowed !== true || charge.refundable === false) return decision
    const receipt = this.#receipt(charge, [openWindowRecord(client, charge.cost)])
    return { allowed: true, retryAfterMs: 0, limits: decision.limits, receipt }
  }

  #consume(charge: Charge, schema: RowSchema, nowMs: number): Decision | undefined {
    const { client } = this
    const { limits } = charge
    const entry = client.isKnown && !client.holdsOnly(schema) ? this.#readClient(limits, nowMs) : undefined
    const isBanned = banEndsInMs(entry?.ban, nowMs) > 0
    const drafted = isBanned ? undefined : this.#draftCharge(charge, schema, entry, nowMs)
    if (drafted === undefined) return this.#refuse(charge, entry ?? this.#readClient(limits, nowMs), nowMs)
    const isNew = !client.isKnown
    if (isNew && !this.#makeRoom(client.fingerprint, nowMs)) return undefined
    const untilMs = nowMs + longestTtlMs(limits)
    const expiresAtMs = isNew ? untilMs : Math.max(client.expiresAtMs, untilMs)
    const others = entry === undefined ? undefined : this.#othersOf(entry, limits, nowMs)
    const head = { schema, refusedCost: 0, ban: entry?.ban, expiresAtMs }
    if (others === undefined) client.save(head)
    else this.#saveWith(others, head)
    const { records, repeatAfterMs } = drafted
    return {
      allowed: true,
      retryAfterMs: 0,
      limits: drafted.limits,
      ...(repeatAfterMs === 0 ? undefined : { repeatAfterMs }),
      ...(records === undefined ? undefined : { receipt: this.#receipt(charge, records) }),
    }
  }

  /**
   * Charges each limit in turn, and drafts its new state. Returns undefined as soon as a limit refuses.
   *
   * @param entry undefined for a new client, and for a client whose row holds the states of these limits only: then
   *   they are read from the row one by one
   */
  #draftCharge(
    { limits, cost, refundable }: Charge,
    { algorithms }: RowSchema,
    entry: ClientEntry | undefined,
    nowMs: number,
  ): DraftedCharge | undefined {
    const records = refundable === false ? undefined : []
    const drafted: DraftedCharge = { limits: [], records, repeatAfterMs: 0 }
    const numbers = this.client.isKnown && entry === undefined ? this.client.numbers() : undefined
    const draft = this.client.newDraft()
    for (const [index, limit] of limits.entries()) {
      const algorithm = algorithms[index]
      if (algorithm === undefined) continue
      const kept = numbers === undefined ? stateFor(entry, limits, index) : algorithm.read(numbers)
      const state = algorithm.rewind(kept ?? algorithm.initialState(this.#firstIds.next()), nowMs, limit)
      const result = algorithm.charge(state, nowMs, limit, cost)
      if (!result.allowed) return undefined
      algorithm.write(result.state, draft)
      drafted.limits.push(limitStateOf(limit, result))
      drafted.records?.push(algorithm.recordOf(result.state, nowMs, limit, cost))
      if (result.remaining >= cost) continue
      const { retryAfterMs } = algorithm.charge(result.state, nowMs, limit, cost)
      drafted.repeatAfterMs = Math.max(drafted.repeatAfterMs, retryAfterMs)
    }
    return drafted
  }

  #othersOf(entry: ClientEntry, limits: readonly Limit[], nowMs: number): OtherCounters | undefined {
    const others = otherCounters(entry, limits, nowMs)
    this.#counterBound.dropped(others?.dropped ?? 0)
    return others
  }

  /** Writes the client with the states of the draft, and after them those of other limits. */
  #saveWith({ allLimits, states }: OtherCounters, head: RowHead): void {
    const schema = this.#schemas.use(allLimits)
    const first = allLimits.length - states.length
    states.forEach((state, index) => {
      schema.algorithms[first + index]?.write(state, this.client.draft)
    })
    this.client.save({ ...head, schema })
  }

  /** Takes nothing. Notes what was refused, and counts the refusal where it may lead to a ban. */
  #refuse(charge: Charge, entry: ClientEntry | undefined, nowMs: number): Decision {
    const { limits, cost } = charge
    const results = resultsOf(entry, limits, nowMs, cost)
    const endsInMs = banEndsInMs(entry?.ban, nowMs)
    if (endsInMs > 0) return bannedDecision(limits, results, { endsInMs, isNew: false })
    if (entry !== undefined) this.client.setRefusedCost(cost)
    const newBan = this.#countRefusal(entry, charge, nowMs)
    return newBan === undefined
      ? refusedDecision(limits, results, entry, nowMs)
      : bannedDecision(limits, results, newBan)
  }

  /** The ban that this refusal has caused; undefined where it has caused none. */
  #countRefusal(known: ClientEntry | undefined, { ban: rule, cost }: Charge, nowMs: number): Ban | undefined {
    if (rule === undefined) return undefined
    if (known === undefined && !this.#makeRoom(this.client.fingerprint, nowMs)) return undefined
    const entry = known ?? emptyEntry()
    const ban = withRefusal(entry.ban, nowMs, rule)
    const endsInMs = banEndsInMs(ban, nowMs)
    const untilMs = nowMs + Math.max(rule.refusals.windowMs, endsInMs)
    const expiresAtMs = Math.max(entry.expiresAtMs, untilMs)
    this.client.write({ ...entry, ban, expiresAtMs, refusedCost: cost })
    return endsInMs === 0 ? undefined : { endsInMs, isNew: true }
  }

  /** The entry of the client, adjusted to the clock; undefined where it is not known. */
  #readClient(limits: readonly Limit[], nowMs: number): ClientEntry | undefined {
    if (!this.client.isKnown) return undefined
    // Makes these limits the latest of their schema, so that the entry has them wherever the client has that schema.
    this.#schemas.use(limits)
    const kept = this.client.read()
    const entry = withLimits(kept, limits, nowMs)
    const isChanged = entry.states !== kept.states
    if (adjustToClock(entry, nowMs) || isChanged) this.client.write(entry)
    return entry
  }

  #receipt({ limits }: Charge, records: readonly ChargeRecord[]): MemoryReceipt {
    const { client } = this
    // A copy: the cursor overwrites its fingerprint.
    const { first, second, third } = client.fingerprint
    return new MemoryReceipt({ client, fingerprint: { first, second, third }, limits, records })
  }
}
