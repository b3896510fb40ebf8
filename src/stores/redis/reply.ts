import { RateLimiterError, showValue } from '../../errors/rate-limiter-error.ts'
import type { Decision, LimitState } from '../../limits/decision.ts'
import type { Limit } from '../../limits/limit.ts'
import type { Charge } from '../store.ts'

/** Numbers before those of the limits: allowed, retry, repeat, end of the ban, whether it is new. */
const HEAD = 5
const PER_LIMIT = 2
const PER_RECEIPT = 3

/**
 * The decision that the deciding script answered, without its receipt.
 *
 * @throws RateLimiterError `store_failed` where the reply has another shape
 */
export function decisionOf(reply: unknown, { limits }: Charge): Decision {
  const numbers = numbersOf(reply, HEAD + PER_LIMIT * limits.length)
  const [allowed = 0, retryAfterMs = 0, repeatAfterMs = 0, endsInMs = -1, isNew = 0] = numbers
  const states = limits.map((limit, index) => stateOf(limit, numbers, HEAD + PER_LIMIT * index))
  return {
    allowed: allowed === 1,
    retryAfterMs,
    limits: states,
    ...(repeatAfterMs > 0 ? { repeatAfterMs } : undefined),
    ...(endsInMs >= 0 ? { ban: { endsInMs, isNew: isNew === 1 } } : undefined),
  }
}

/** What the script answered for the receipt: three numbers of each limit. */
export function marksOf(reply: unknown, { limits }: Charge): number[][] {
  const start = HEAD + PER_LIMIT * limits.length
  const numbers = numbersOf(reply, start + PER_RECEIPT * limits.length)
  return limits.map((_, index) =>
    numbers.slice(start + PER_RECEIPT * index, start + PER_RECEIPT * (index + 1)),
  )
}

function stateOf({ name, burst }: Limit, numbers: readonly number[], at: number): LimitState {
  return { name, limit: burst, remaining: numbers[at] ?? 0, resetMs: numbers[at + 1] ?? 0 }
}

/** Clients answer integers as numbers, or as text or bigints where they are told to. */
function numbersOf(reply: unknown, least: number): readonly number[] {
  if (Array.isArray(reply) && reply.length >= least) {
    const numbers = reply.every((one) => typeof one === 'number') ? reply : reply.map(numberOf)
    if (numbers.every(Number.isSafeInteger)) return numbers
  }
  throw new RateLimiterError({
    code: 'store_failed',
    problem: `Redis answered ${showValue(reply)} instead of ${least} integers or more`,
    remedy: 'See whether a proxy stands before it, or a client that changes replies.',
  })
}

function numberOf(value: unknown): number {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value)
  // Bytes as text: of bytes that are no Buffer String() would give the list of their codes.
  const text = value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value
  return typeof text === 'string' && /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN
}
