// Repeats the refusals of Redis without a call, as long as Redis would answer the same.
//
// Twin: src/stores/redis/scripts/decide.lua

import { createHash } from 'node:crypto'
import type { Decision, LimitState } from '../../limits/decision.ts'
import type { Limit } from '../../limits/limit.ts'
import type { Charge } from '../store.ts'

/** When a call to Redis started and ended, by the clock of this process in milliseconds. */
export interface CallTimes {
  /** Not later than the decision in Redis. */
  readonly askedAtMs: number
  /** Not earlier than the decision in Redis. */
  readonly answeredAtMs: number
  /** The {@link RefusalCache.generation} when the call started. */
  readonly generation: number
}

/** A refusal of Redis, and until when it is valid. */
interface CachedRefusal {
  readonly limits: Charge['limits']
  readonly ban: Charge['ban']
  readonly cost: number
  readonly decision: Decision
  readonly answeredAtMs: number
  readonly validUntilMs: number
}

/**
 * Redis rounds its time down to whole milliseconds. So it may decide by a time that is up to this much too
 * early.
 */
const SERVER_ROUNDING_MS = 1

/**
 * After this time Redis is asked again, in milliseconds: another process may have unblocked the client or
 * refunded a charge.
 */
const LONGEST_VALIDITY_MS = 5000

/** Longer keys are replaced by a digest, so that no client decides how much memory its key takes. */
const LONGEST_PLAIN_KEY = 200

/**
 * Remembers refusals of Redis, so that this process refuses the same charge without a call until the client
 * is released, but for five seconds at most.
 *
 * The release is counted from the start of the call, which is before Redis decided: the cache refuses nobody
 * for longer than Redis would. The wait that a client gets is counted from the end of the call, which is
 * after Redis decided: a client that waits for that long is not too early.
 */
export class RefusalCache {
  readonly #mostKeys: number
  readonly #refusals = new Map<string, CachedRefusal>()
  /**
   * Rises whenever refusals become invalid: a call that started before must not add its refusal after that.
   */
  generation = 0

  constructor(mostKeys: number) {
    this.#mostKeys = mostKeys
  }

  /** Remembers a refusal, unless the generation has changed since the call started. */
  note(charge: Charge, decision: Decision, { askedAtMs, answeredAtMs, generation }: CallTimes): void {
    if (decision.allowed || generation !== this.generation || !isFinal(charge, decision)) return
    const name = nameOf(charge.key)
    this.#refusals.delete(name)
    const { limits, ban, cost } = charge
    const validUntilMs = askedAtMs + validForMs(decision, limits) - SERVER_ROUNDING_MS
    this.#refusals.set(name, { limits, ban, cost, decision, answeredAtMs, validUntilMs })
    if (this.#refusals.size <= this.#mostKeys) return
    const [oldest] = this.#refusals.keys()
    if (oldest !== undefined) this.#refusals.delete(oldest)
  }

  /** The refusal that Redis would answer. Undefined if Redis has to decide. */
  answer(charge: Charge, nowMs: number): Decision | undefined {
    if (this.#refusals.size === 0) return undefined
    const name = nameOf(charge.key)
    const refusal = this.#refusals.get(name)
    if (refusal === undefined) return undefined
    const elapsedMs = nowMs - refusal.answeredAtMs
    // It is below 0 after the clock was set back.
    if (elapsedMs < 0 || nowMs >= refusal.validUntilMs) {
      this.#refusals.delete(name)
      return undefined
    }
    // Redis may allow a smaller charge or one of other limits. A larger charge has to wait longer.
    const isSameCharge = charge.limits === refusal.limits && charge.cost === refusal.cost
    // If the ban rule is another one, Redis has to count the refusal, unless the client is banned already.
    const isFinalHere = charge.ban === refusal.ban || refusal.decision.ban !== undefined
    return isSameCharge && isFinalHere ? refusalAfter(refusal, Math.floor(elapsedMs)) : undefined
  }

  /** Removes what is known of a key. */
  forget(key: string): void {
    this.generation++
    this.#refusals.delete(nameOf(key))
  }

  clear(): void {
    this.generation++
    this.#refusals.clear()
  }
}

/** The name of a key in the cache. The name of a long key is longer than any key that is its own name. */
function nameOf(key: string): string {
  if (key.length <= LONGEST_PLAIN_KEY) return key
  return createHash('sha256')
    .update(key, 'utf16le')
    .digest('hex')
    .padStart(LONGEST_PLAIN_KEY + 1, '#')
}

/**
 * Whether another call before the release would get the same answer and change nothing.
 *
 * If refusals count towards a ban, a call changes something until the client is banned. If a limit has
 * nothing left, no charge is taken, and the answers of all limits stay the same. A token bucket that is
 * neither full nor empty is the exception: it fills.
 */
function isFinal({ ban, limits }: Charge, decision: Decision): boolean {
  if (decision.ban !== undefined) return true
  const isFilling = limits.some(({ algorithm }, index) => {
    const state = decision.limits[index]
    return algorithm === 'token-bucket' && state !== undefined && state.remaining > 0 && !isUnused(state)
  })
  return ban === undefined && !isFilling && decision.limits.some(({ remaining }) => remaining === 0)
}

/** All units are left. */
function isUnused({ remaining, limit }: LimitState): boolean {
  return remaining === limit
}

/**
 * Whether the `resetMs` of a limit stays the same: the window of an unused limit starts with its next charge. Calendar
 * windows have started before.
 */
function isStill(state: LimitState, limit: Limit | undefined): boolean {
  return isUnused(state) && limit?.algorithm !== 'calendar-window'
}

/** Until Redis is asked again, until the release, or until a part of the answer changes: another limit has more left, or a ban ends. */
function validForMs({ retryAfterMs, limits: states, ban }: Decision, limits: Charge['limits']): number {
  const counting = states.filter((state, index) => !isStill(state, limits[index]))
  return Math.min(
    LONGEST_VALIDITY_MS,
    retryAfterMs,
    ban?.endsInMs ?? retryAfterMs,
    ...counting.map(({ resetMs }) => resetMs),
  )
}

/** The same refusal `elapsedMs` later. */
function refusalAfter({ decision, limits }: CachedRefusal, elapsedMs: number): Decision {
  const { retryAfterMs, ban } = decision
  const states = decision.limits.map((state, index) =>
    isStill(state, limits[index]) ? { ...state } : { ...state, resetMs: state.resetMs - elapsedMs },
  )
  const refusal = { allowed: false, retryAfterMs: retryAfterMs - elapsedMs, limits: states }
  return ban === undefined
    ? refusal
    : { ...refusal, ban: { endsInMs: ban.endsInMs - elapsedMs, isNew: false } }
}
