// Reads the reply of the script.
//
// Twin: src/stores/redis/scripts/batch.lua
// Twin: src/stores/redis/scripts/decide.lua
// Twin: src/stores/redis/scripts/settle.lua
// Twin: src/stores/redis/scripts/single-window.lua

import { RateLimiterError, showValue } from '../../errors/rate-limiter-error.ts'
import type { ChargeRecord } from '../../limits/algorithm.ts'
import type { Decision, LimitState } from '../../limits/decision.ts'
import type { Limit } from '../../limits/limit.ts'
import type { Charge } from '../store.ts'
import { REPLY_CODE } from './error-replies.ts'

/** First come: allowed, retry, repeat, end of the ban, whether the ban is new. */
const FIRST_NUMBERS = 5
/** Then of each limit: remaining, reset. */
const NUMBERS_PER_LIMIT = 2
/**
 * Then of each limit, if the charge was taken: what identifies the charge. The number of dropped counters may follow.
 */
const NUMBERS_PER_RECEIPT = 3

/**
 * The short reply to a charge on a single fixed window: remaining, reset, then the id of the window, or {@link REFUSED}.
 */
const NUMBERS_OF_SINGLE_WINDOW = 3
const REFUSED = -1

/**
 * The answers to the operations of a batch. A short reply is no list within the list: its numbers follow one another.
 *
 * @param count how many operations it had
 * @throws RateLimiterError `store_failed` if the reply has another shape
 */
export function answersOf(reply: unknown, count: number): readonly unknown[] {
  const answers: unknown[] = []
  const parts: readonly unknown[] = Array.isArray(reply) ? reply : []
  let at = 0
  while (at < parts.length) {
    const part = parts[at]
    const isShort = !Number.isNaN(integerOf(part))
    answers.push(isShort ? parts.slice(at, at + NUMBERS_OF_SINGLE_WINDOW) : part)
    at += isShort ? NUMBERS_OF_SINGLE_WINDOW : 1
  }
  if (answers.length === count) return answers
  throw unexpectedReply(reply, `a list of ${count} answers`)
}

/** The error of an operation that has failed alone: its answer is a text. Undefined if it has not failed. */
export function failureOf(answer: unknown): Error | undefined {
  if (Array.isArray(answer)) return undefined
  const text = answer instanceof Uint8Array ? Buffer.from(answer).toString('latin1') : answer
  if (typeof text !== 'string') return undefined
  // A server that works has answered it, and the code of the error shows that.
  return new Error(REPLY_CODE.test(text) ? text : `ERR ${text}`)
}

/**
 * The numbers of a reply in the long shape, also for a short reply.
 *
 * @throws RateLimiterError `store_failed` if the reply has another shape
 */
export function replyNumbersOf(reply: unknown, charge: Charge): readonly number[] {
  const numbers = Array.isArray(reply) ? integersOf(reply) : undefined
  const least = FIRST_NUMBERS + NUMBERS_PER_LIMIT * charge.limits.length
  if (numbers !== undefined) {
    if (isSingleWindowReply(numbers, charge)) return expandSingleWindowReply(numbers, charge)
    if (numbers.length >= least) return numbers
  }
  throw unexpectedReply(reply, `${least} integers or more`)
}

/** The decision, without its receipt. */
export function decisionOf(numbers: readonly number[], { limits }: Charge): Decision {
  const [allowed = 0, retryAfterMs = 0, repeatAfterMs = 0, endsInMs = -1, isNew = 0] = numbers
  const states = limits.map((limit, index) =>
    limitStateOf(limit, numbers, FIRST_NUMBERS + NUMBERS_PER_LIMIT * index),
  )
  const decision = { allowed: allowed === 1, retryAfterMs, limits: states }
  // Most decisions have neither, and to spread nothing takes time too.
  if (repeatAfterMs <= 0 && endsInMs < 0) return decision
  return {
    ...decision,
    ...(repeatAfterMs > 0 ? { repeatAfterMs } : undefined),
    ...(endsInMs >= 0 ? { ban: { endsInMs, isNew: isNew === 1 } } : undefined),
  }
}

/**
 * The receipt numbers of each limit, which `scripts/settle.lua` receives.
 *
 * @throws RateLimiterError `store_failed` if the reply does not have them
 */
export function receiptNumbersOf(numbers: readonly number[], { limits }: Charge): number[][] {
  const start = FIRST_NUMBERS + NUMBERS_PER_LIMIT * limits.length
  const end = start + NUMBERS_PER_RECEIPT * limits.length
  if (numbers.length < end) throw unexpectedReply(numbers, `${end} integers or more`)
  return limits.map(({ algorithm }, index) => {
    const first = start + NUMBERS_PER_RECEIPT * index
    // A window needs one of the numbers.
    return numbers.slice(first, first + (algorithm === 'token-bucket' ? NUMBERS_PER_RECEIPT : 1))
  })
}

/**
 * What is recorded of a charge after a settlement, for each of its limits.
 *
 * @throws RateLimiterError `store_failed` if the reply has another shape
 */
export function recordsOf(reply: unknown, limits: number): ChargeRecord[] {
  const numbers = (Array.isArray(reply) ? integersOf(reply) : undefined) ?? []
  let at = 0
  return Array.from({ length: limits }, (): ChargeRecord => {
    const end = at + 1 + (numbers[at] ?? 0)
    const [units, ...others] = numbers.slice(at + 1, end)
    if (units === undefined) throw unexpectedReply(reply, `${2 * limits} integers or more`)
    at = end
    return [units, ...others]
  })
}

/** How many counters of other limits the charge has dropped, because the client has too many. */
export function droppedCountersOf(numbers: readonly number[], { limits }: Charge): number {
  return numbers[FIRST_NUMBERS + (NUMBERS_PER_LIMIT + NUMBERS_PER_RECEIPT) * limits.length] ?? 0
}

function isSingleWindowReply({ length }: readonly number[], { limits }: Charge): boolean {
  return limits.length === 1 && length === NUMBERS_OF_SINGLE_WINDOW
}

/** Adds the numbers that follow from those of a short reply. */
function expandSingleWindowReply(numbers: readonly number[], { cost }: Charge): number[] {
  const [remaining = 0, resetMs = 0, windowId] = numbers
  if (windowId === REFUSED) return [0, resetMs, 0, -1, 0, remaining, resetMs]
  return [1, 0, remaining < cost ? resetMs : 0, -1, 0, remaining, resetMs, windowId ?? 0, 0, 0]
}

function limitStateOf({ name, burst }: Limit, numbers: readonly number[], at: number): LimitState {
  return { name, limit: burst, remaining: numbers[at] ?? 0, resetMs: numbers[at + 1] ?? 0 }
}

const INTEGER = /^-?\d{1,16}$/

/** Clients answer integers as numbers. Options of some clients make them text or bigints. */
function integersOf(reply: readonly unknown[]): readonly number[] | undefined {
  const numbers = reply.every(Number.isSafeInteger) ? (reply as readonly number[]) : reply.map(integerOf)
  return numbers.every(Number.isSafeInteger) ? numbers : undefined
}

/** NaN if the value is no integer. */
function integerOf(value: unknown): number {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value)
  // String(value) of a Uint8Array that is no Buffer would list the codes of its bytes.
  const text = value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value
  return typeof text === 'string' && INTEGER.test(text) ? Number(text) : Number.NaN
}

function unexpectedReply(reply: unknown, expected: string): RateLimiterError {
  return new RateLimiterError({
    code: 'store_failed',
    problem: `Redis answered ${showValue(reply)} instead of ${expected}`,
    remedy: 'Check whether a proxy or the client changes the replies of Redis.',
  })
}
