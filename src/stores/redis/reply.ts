import { RateLimiterError, showValue } from '../../errors/rate-limiter-error.ts'
import type { Decision, LimitState } from '../../limits/decision.ts'
import type { Limit } from '../../limits/limit.ts'
import type { Charge } from '../store.ts'

/** Numbers before those of the limits: allowed, retry, repeat, end of the ban, whether it is new. */
const HEAD = 5
const PER_LIMIT = 2
const PER_RECEIPT = 3

/** How many numbers there are of a charge of one fixed window that was refused, and of one that was taken. */
const REFUSED_WINDOW = 2
const TAKEN_WINDOW = 3

/**
 * The numbers that the deciding script answered: those of the head, two of each limit, and three of each for the
 * receipt, where the charge was taken.
 *
 * @throws RateLimiterError `store_failed` where the reply has another shape
 */
export function numbersOf(reply: unknown, charge: Charge): readonly number[] {
  const numbers = Array.isArray(reply) ? integersOf(reply) : undefined
  if (numbers !== undefined) {
    if (isOfOneWindow(numbers, charge)) return ofOneWindow(numbers, charge)
    if (numbers.length >= HEAD + PER_LIMIT * charge.limits.length) return numbers
  }
  throw unexpected(reply, HEAD + PER_LIMIT * charge.limits.length)
}

/** The decision, without its receipt. */
export function decisionOf(numbers: readonly number[], { limits }: Charge): Decision {
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

/** What the script that refunds is to be told of each limit: three numbers. */
export function marksOf(numbers: readonly number[], { limits }: Charge): number[][] {
  const start = HEAD + PER_LIMIT * limits.length
  const end = start + PER_RECEIPT * limits.length
  if (numbers.length < end) throw unexpected(numbers, end)
  return limits.map((_, index) =>
    numbers.slice(start + PER_RECEIPT * index, start + PER_RECEIPT * (index + 1)),
  )
}

function isOfOneWindow({ length }: readonly number[], { limits }: Charge): boolean {
  return limits.length === 1 && (length === REFUSED_WINDOW || length === TAKEN_WINDOW)
}

/** Of a charge of one fixed window the script says no more than what the rest follows from. */
function ofOneWindow(numbers: readonly number[], { cost }: Charge): number[] {
  const [remaining = 0, resetMs = 0, windowId] = numbers
  if (windowId === undefined) return [0, resetMs, 0, -1, 0, remaining, resetMs]
  return [1, 0, remaining < cost ? resetMs : 0, -1, 0, remaining, resetMs, windowId, 0, 0]
}

function stateOf({ name, burst }: Limit, numbers: readonly number[], at: number): LimitState {
  return { name, limit: burst, remaining: numbers[at] ?? 0, resetMs: numbers[at + 1] ?? 0 }
}

/** Clients answer integers as numbers, or as text or bigints where they are told to. */
function integersOf(reply: readonly unknown[]): readonly number[] | undefined {
  const numbers = reply.every(Number.isSafeInteger) ? (reply as readonly number[]) : reply.map(numberOf)
  return numbers.every(Number.isSafeInteger) ? numbers : undefined
}

function unexpected(reply: unknown, least: number): RateLimiterError {
  return new RateLimiterError({
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
