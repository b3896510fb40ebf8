import type { Decision } from '../../limits/decision.ts'
import type { Charge } from '../store.ts'

/** A refusal of Redis, and until when it holds. */
interface Refusal {
  readonly limits: Charge['limits']
  readonly cost: number
  readonly decision: Decision
  /** When the script was asked: no later than it decided. */
  readonly askedAtMs: number
  /** How long it holds from then on. */
  readonly holdsMs: number
}

/**
 * Remembers whom Redis has refused, so that this process refuses them without asking until the instant of their
 * release. It is counted from when Redis was asked, which is before it decided: nobody is refused a moment longer
 * than there.
 */
export class RefusalCache {
  readonly #mostKeys: number
  readonly #refusals = new Map<string, Refusal>()
  /** Counts what makes refusals void: an answer of before must not bring one back. */
  epoch = 0

  constructor(mostKeys: number) {
    this.#mostKeys = mostKeys
  }

  /** Notes a refusal, unless something has made it void since `epoch`. */
  note(charge: Charge, decision: Decision, askedAtMs: number, epoch: number): void {
    if (decision.allowed || epoch !== this.epoch || !isFinal(charge, decision)) return
    this.#refusals.delete(charge.key)
    const { key, limits, cost } = charge
    this.#refusals.set(key, { limits, cost, decision, askedAtMs, holdsMs: holdsMs(decision) })
    if (this.#refusals.size <= this.#mostKeys) return
    const [oldest] = this.#refusals.keys()
    if (oldest !== undefined) this.#refusals.delete(oldest)
  }

  /** What Redis would answer, where it is known to refuse. */
  answer(charge: Charge, nowMs: number): Decision | undefined {
    if (this.#refusals.size === 0) return undefined
    const refusal = this.#refusals.get(charge.key)
    if (refusal === undefined) return undefined
    const goneMs = nowMs - refusal.askedAtMs
    // Below 0 is a clock that was set back.
    if (goneMs < 0 || goneMs >= refusal.holdsMs) {
      this.#refusals.delete(charge.key)
      return undefined
    }
    // A smaller charge, or one of other limits, may be admitted, and a larger one has to wait longer.
    const isSame = charge.limits === refusal.limits && charge.cost === refusal.cost
    return isSame && isFinal(charge, refusal.decision)
      ? later(refusal.decision, Math.floor(goneMs))
      : undefined
  }

  /** Forgets what is known of a key. */
  forget(key: string): void {
    this.epoch++
    this.#refusals.delete(key)
  }

  clear(): void {
    this.epoch++
    this.#refusals.clear()
  }
}

/**
 * Whether asking again before the release would change nothing: where refusals count towards a ban it does. Where a
 * limit has nothing left no charge is taken, and so what all limits answered stays true, but for a bucket that fills.
 */
function isFinal({ ban, limits }: Charge, decision: Decision): boolean {
  if (decision.ban !== undefined) return true
  const left = decision.limits.map(({ remaining }) => remaining)
  const isFilling = limits.some(({ algorithm }, index) => algorithm === 'token-bucket' && left[index] !== 0)
  return ban === undefined && left.includes(0) && !isFilling
}

/** Until its release, or until less of it is true: another limit has more left, or a ban is over. */
function holdsMs({ retryAfterMs, limits, ban }: Decision): number {
  return Math.min(retryAfterMs, ban?.endsInMs ?? retryAfterMs, ...limits.map(({ resetMs }) => resetMs))
}

/** A refusal as it reads so many milliseconds later. */
function later({ retryAfterMs, limits, ban }: Decision, goneMs: number): Decision {
  const states = limits.map((state) => ({ ...state, resetMs: state.resetMs - goneMs }))
  const left = { allowed: false, retryAfterMs: retryAfterMs - goneMs, limits: states }
  return ban === undefined ? left : { ...left, ban: { endsInMs: ban.endsInMs - goneMs, isNew: false } }
}
