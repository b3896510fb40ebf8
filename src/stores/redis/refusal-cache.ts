import { createHash } from 'node:crypto'
import type { Decision, LimitState } from '../../limits/decision.ts'
import type { Charge } from '../store.ts'

/** When Redis was asked for a decision and when it had answered, by the clock of this process in milliseconds. */
export interface StoreCallTimes {
  /** No later than it decided. */
  readonly askedAtMs: number
  /** No earlier than it decided. */
  readonly answeredAtMs: number
  /** The {@link RefusalCache.generation} when it was asked. */
  readonly generation: number
}

/** A refusal of Redis, and until when it holds. */
interface CachedRefusal {
  readonly limits: Charge['limits']
  readonly ban: Charge['ban']
  readonly cost: number
  readonly decision: Decision
  readonly answeredAtMs: number
  readonly holdsUntilMs: number
}

/** Redis cuts its time to whole milliseconds, and so may have decided by a time so much earlier than it was. */
const CUT_MS = 1

/** Longer keys are kept as a digest, so that no client decides how much memory its key takes. */
const LONGEST_KEY = 200

/**
 * Remembers whom Redis has refused, so that this process refuses them without asking until the instant of their
 * release. That is counted from when Redis was asked, which is before it decided: nobody is refused a moment longer
 * than there. How long a client has to wait is counted from the answer, which is after: nobody who waits as long as
 * that is too early.
 */
export class RefusalCache {
  readonly #mostKeys: number
  readonly #refusals = new Map<string, CachedRefusal>()
  /** Counts what makes refusals void: an answer of before must not bring one back. */
  generation = 0

  constructor(mostKeys: number) {
    this.#mostKeys = mostKeys
  }

  /** Notes a refusal, unless something has made it void since Redis was asked. */
  note(charge: Charge, decision: Decision, { askedAtMs, answeredAtMs, generation }: StoreCallTimes): void {
    if (decision.allowed || generation !== this.generation || !isFinal(charge, decision)) return
    const name = nameOf(charge.key)
    this.#refusals.delete(name)
    const { limits, ban, cost } = charge
    const holdsUntilMs = askedAtMs + holdsMs(decision) - CUT_MS
    this.#refusals.set(name, { limits, ban, cost, decision, answeredAtMs, holdsUntilMs })
    if (this.#refusals.size <= this.#mostKeys) return
    const [oldest] = this.#refusals.keys()
    if (oldest !== undefined) this.#refusals.delete(oldest)
  }

  /** What Redis would answer, where it is known to refuse. */
  answer(charge: Charge, nowMs: number): Decision | undefined {
    if (this.#refusals.size === 0) return undefined
    const name = nameOf(charge.key)
    const refusal = this.#refusals.get(name)
    if (refusal === undefined) return undefined
    const goneMs = nowMs - refusal.answeredAtMs
    // Below 0 is a clock that was set back.
    if (goneMs < 0 || nowMs >= refusal.holdsUntilMs) {
      this.#refusals.delete(name)
      return undefined
    }
    // A smaller charge, or one of other limits, may be admitted, and a larger one has to wait longer.
    const isSame = charge.limits === refusal.limits && charge.cost === refusal.cost
    // Of one whose refusals count towards a ban only that it is banned is final.
    const isFinalToo = charge.ban === refusal.ban || refusal.decision.ban !== undefined
    return isSame && isFinalToo ? later(refusal.decision, Math.floor(goneMs)) : undefined
  }

  /** Forgets what is known of a key. */
  forget(key: string): void {
    this.generation++
    this.#refusals.delete(nameOf(key))
  }

  clear(): void {
    this.generation++
    this.#refusals.clear()
  }
}

/** The name of a key here. That of a longer key is longer than any key that is its own name. */
function nameOf(key: string): string {
  if (key.length <= LONGEST_KEY) return key
  return createHash('sha256')
    .update(key, 'utf16le')
    .digest('hex')
    .padStart(LONGEST_KEY + 1, '#')
}

/**
 * Whether asking again before the release would change nothing: where refusals count towards a ban it does. Where a
 * limit has nothing left no charge is taken, and so what all limits answered stays true, but for a bucket that fills.
 */
function isFinal({ ban, limits }: Charge, decision: Decision): boolean {
  if (decision.ban !== undefined) return true
  const isFilling = limits.some(({ algorithm }, index) => {
    const state = decision.limits[index]
    return algorithm === 'token-bucket' && state !== undefined && state.remaining > 0 && !isUntouched(state)
  })
  return ban === undefined && !isFilling && decision.limits.some(({ remaining }) => remaining === 0)
}

/** Of a limit of which nothing is used the time begins with the next charge: until then it stands still. */
function isUntouched({ remaining, limit }: LimitState): boolean {
  return remaining === limit
}

/** Until its release, or until less of it is true: another limit has more left, or a ban is over. */
function holdsMs({ retryAfterMs, limits, ban }: Decision): number {
  const running = limits.filter((state) => !isUntouched(state))
  return Math.min(retryAfterMs, ban?.endsInMs ?? retryAfterMs, ...running.map(({ resetMs }) => resetMs))
}

/** A refusal as it reads so many milliseconds later. */
function later({ retryAfterMs, limits, ban }: Decision, goneMs: number): Decision {
  const states = limits.map((state) =>
    isUntouched(state) ? { ...state } : { ...state, resetMs: state.resetMs - goneMs },
  )
  const left = { allowed: false, retryAfterMs: retryAfterMs - goneMs, limits: states }
  return ban === undefined ? left : { ...left, ban: { endsInMs: ban.endsInMs - goneMs, isNew: false } }
}
