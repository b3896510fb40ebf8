import { FirstIds } from '../../limits/algorithm.ts'
import { type AlgorithmState, algorithmOf } from '../../limits/algorithms.ts'
import { banEndsInMs, banned, withRefusal } from '../../limits/ban.ts'
import type { Ban, Decision, LimitState } from '../../limits/decision.ts'
import type { Charge } from '../store.ts'
import { allowedDecision, bannedDecision, limitStateOf, refusedDecision } from './memory-decision.ts'
import { MemoryReceipt } from './memory-receipt.ts'
import type { ClientCursor } from './table/client-cursor.ts'
import {
  adjustToClock,
  type ClientEntry,
  emptyEntry,
  fullnessOfLimit,
  resultsOf,
  stateFor,
} from './table/client-entry.ts'
import type { Fingerprint } from './table/key-hash.ts'
import { FULL } from './table/row-format.ts'
import { longestTtlMs, type RowSchema, type RowSchemas } from './table/row-schemas.ts'

/** Makes room for a newcomer; answers false when there is none. */
export type MakeRoom = (newcomer: Fingerprint, nowMs: number) => boolean

/** A charge that every limit admits, before it is written. */
interface Admission {
  readonly states: LimitState[]
  /** What is left of each limit, where a receipt is wanted. */
  readonly newStates: AlgorithmState[] | undefined
  fullness: number
  repeatAfterMs: number
}

/** Decides charges of the client that its cursor is at. */
export class Decider {
  readonly client: ClientCursor
  readonly #schemas: RowSchemas
  readonly #makeRoom: MakeRoom
  readonly #firstIds = new FirstIds()

  constructor(client: ClientCursor, schemas: RowSchemas, makeRoom: MakeRoom) {
    this.client = client
    this.#schemas = schemas
    this.#makeRoom = makeRoom
  }

  /** Undefined when the client would have to be remembered and there is no room. */
  consume(charge: Charge, nowMs: number): Decision | undefined {
    const schema = this.#schemas.of(charge.limits)
    return this.#chargeOpenWindow(charge, schema, nowMs) ?? this.#decide(charge, schema, nowMs)
  }

  /** What `consume` would answer, were there room. */
  peek(charge: Charge, nowMs: number): Decision {
    const known = this.#readClient(charge, nowMs)
    const asked = resultsOf(known, charge, nowMs, charge.cost)
    const endsInMs = banEndsInMs(known?.ban, nowMs)
    if (endsInMs > 0) return bannedDecision(charge, asked, { endsInMs, isNew: false })
    if (asked.some((outcome) => !outcome.allowed)) return refusedDecision(charge, asked, known, nowMs)
    return allowedDecision(charge, resultsOf(known, charge, nowMs, 0))
  }

  /** Writes down what another store decided, if there is room. */
  seedFromRemote(charge: Charge, { limits: told, retryAfterMs, ban }: Decision, nowMs: number): void {
    const known = this.#readClient(charge, nowMs)
    if (known === undefined && !this.#makeRoom(this.client.fingerprint, nowMs)) return
    const entry = known ?? emptyEntry()
    const endsInMs = ban?.endsInMs ?? 0
    const expiresAtMs = Math.max(entry.expiresAtMs, nowMs + Math.max(longestTtlMs(charge.limits), endsInMs))
    if (ban !== undefined) {
      // What is left of the limits is not told during a ban.
      this.client.write({ ...entry, ban: banned(nowMs, endsInMs), expiresAtMs, fullness: FULL })
      return
    }
    const { limits, cost } = charge
    const states = limits.map((limit, index) => {
      const algorithm = algorithmOf(limit)
      const kept = stateFor(entry, limits, index) ?? algorithm.initialState(this.#firstIds.next())
      const { remaining = 0, resetMs = 0 } = told[index] ?? {}
      return algorithm.seedFromRemote(kept, { remaining, resetMs, retryAfterMs, cost }, nowMs, limit)
    })
    const fullness = Math.max(
      ...limits.map((limit, index) => fullnessOfLimit(limit, told[index]?.remaining ?? 0)),
    )
    const refusals = entry.ban?.refusals === undefined ? undefined : entry.ban
    this.client.write({ limits, states, ban: refusals, expiresAtMs, fullness })
  }

  /** The answer where nothing is to be done but to count. */
  #chargeOpenWindow(charge: Charge, schema: RowSchema, nowMs: number): Decision | undefined {
    const { client } = this
    const limit = charge.limits[0]
    if (limit === undefined || !client.isKnown) return undefined
    if (!client.chargeOpenWindow(schema, limit, nowMs, charge.cost)) return undefined
    const { used, startMs, windowId } = client.window
    const resetMs = startMs + limit.windowMs - nowMs
    const limits = [limitStateOf(limit, { remaining: limit.burst - used, resetMs })]
    if (charge.refundable === false) return { allowed: true, retryAfterMs: 0, limits }
    return {
      allowed: true,
      retryAfterMs: 0,
      limits,
      receipt: this.#receipt(charge, [{ used, startMs, windowId }]),
    }
  }

  #decide(charge: Charge, schema: RowSchema, nowMs: number): Decision | undefined {
    const { client } = this
    const known = client.isKnown && !client.isPlain(schema) ? this.#readClient(charge, nowMs) : undefined
    const isBanned = banEndsInMs(known?.ban, nowMs) > 0
    const admission = isBanned ? undefined : this.#admit(charge, schema, known, nowMs)
    if (admission === undefined) return this.#refuse(charge, known ?? this.#readClient(charge, nowMs), nowMs)
    const isNew = !client.isKnown
    if (isNew && !this.#makeRoom(client.fingerprint, nowMs)) return undefined
    const untilMs = nowMs + longestTtlMs(charge.limits)
    const expiresAtMs = isNew ? untilMs : Math.max(client.expiresAtMs, untilMs)
    client.save({ schema: schema, fullness: admission.fullness, ban: known?.ban, expiresAtMs })
    const { states, newStates: left, repeatAfterMs } = admission
    return {
      allowed: true,
      retryAfterMs: 0,
      limits: states,
      ...(repeatAfterMs === 0 ? undefined : { repeatAfterMs }),
      ...(left === undefined ? undefined : { receipt: this.#receipt(charge, left) }),
    }
  }

  /** Asks each limit in turn, and drafts what it keeps; undefined as soon as one refuses. */
  #admit(
    { limits, cost, refundable }: Charge,
    { algorithms }: RowSchema,
    known: ClientEntry | undefined,
    nowMs: number,
  ): Admission | undefined {
    const admission: Admission = {
      states: [],
      newStates: refundable === false ? undefined : [],
      fullness: 0,
      repeatAfterMs: 0,
    }
    const numbers = this.client.isKnown && known === undefined ? this.client.numbers() : undefined
    const draft = this.client.draft()
    for (const [index, limit] of limits.entries()) {
      const algorithm = algorithms[index]
      if (algorithm === undefined) continue
      const kept = numbers === undefined ? stateFor(known, limits, index) : algorithm.read(numbers)
      const state = algorithm.rewind(kept ?? algorithm.initialState(this.#firstIds.next()), nowMs, limit)
      const outcome = algorithm.charge(state, nowMs, limit, cost)
      if (!outcome.allowed) return undefined
      algorithm.write(outcome.state, draft)
      admission.states.push(limitStateOf(limit, outcome))
      admission.newStates?.push(outcome.state)
      admission.fullness = Math.max(admission.fullness, fullnessOfLimit(limit, outcome.remaining))
      if (outcome.remaining >= cost) continue
      const { retryAfterMs } = algorithm.charge(outcome.state, nowMs, limit, cost)
      admission.repeatAfterMs = Math.max(admission.repeatAfterMs, retryAfterMs)
    }
    return admission
  }

  /** Takes nothing; notes that the client is at its limit, and the refusal where a ban may come of it. */
  #refuse(charge: Charge, known: ClientEntry | undefined, nowMs: number): Decision {
    const asked = resultsOf(known, charge, nowMs, charge.cost)
    const endsInMs = banEndsInMs(known?.ban, nowMs)
    if (endsInMs > 0) return bannedDecision(charge, asked, { endsInMs, isNew: false })
    if (known !== undefined) this.client.markFull()
    const ban = this.#noteRefusal(known, charge, nowMs)
    return ban === undefined
      ? refusedDecision(charge, asked, known, nowMs)
      : bannedDecision(charge, asked, ban)
  }

  #noteRefusal(known: ClientEntry | undefined, { ban: rule }: Charge, nowMs: number): Ban | undefined {
    if (rule === undefined) return undefined
    if (known === undefined && !this.#makeRoom(this.client.fingerprint, nowMs)) return undefined
    const entry = known ?? emptyEntry()
    const ban = withRefusal(entry.ban, nowMs, rule)
    const endsInMs = banEndsInMs(ban, nowMs)
    const untilMs = nowMs + Math.max(rule.refusals.windowMs, endsInMs)
    const expiresAtMs = Math.max(entry.expiresAtMs, untilMs)
    this.client.write({ ...entry, ban, expiresAtMs, fullness: FULL })
    return endsInMs === 0 ? undefined : { endsInMs, isNew: true }
  }

  /** What is known of the client, in line with the clock. */
  #readClient({ limits }: Charge, nowMs: number): ClientEntry | undefined {
    if (!this.client.isKnown) return undefined
    // Noted as the latest of their schema, the limits read are those of the charge wherever they can be.
    this.#schemas.of(limits)
    const entry = this.client.read()
    if (adjustToClock(entry, nowMs)) this.client.write(entry)
    return entry
  }

  #receipt({ limits, cost }: Charge, states: readonly AlgorithmState[]): MemoryReceipt {
    return new MemoryReceipt({
      client: this.client,
      fingerprint: { ...this.client.fingerprint },
      limits,
      states,
      cost,
    })
  }
}
