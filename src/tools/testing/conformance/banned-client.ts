import assert from 'node:assert/strict'
import type { BanRule } from '../../../limits/ban.ts'
import type { Decision } from '../../../limits/decision.ts'
import type { Limit } from '../../../limits/limit.ts'
import { limitOf, type Subject, WINDOW_MS } from './subject.ts'

/** How long a ban lasts where a test does not say otherwise. */
export const BAN_MS: number = 5 * WINDOW_MS

/** Bans whoever is refused three times in ten seconds. */
export const RULE: BanRule = ruleOf(10_000, BAN_MS)

/** Bans whoever is refused three times in `windowMs`. */
export function ruleOf(windowMs: number, forMs: number): BanRule {
  return { refusals: limitOf('sliding-window', 3, { name: 'refusals', windowMs }), forMs }
}

/** Has a client refused, as often as may be without a ban. */
export async function refuseTwice(
  subject: Subject,
  limits: readonly Limit[],
  rule: BanRule,
  key = 'client',
): Promise<void> {
  for (const refusal of [1, 2]) {
    const { allowed, ban } = await subject.consume(key, limits, 1, rule)
    assert.equal(allowed, false)
    assert.equal(ban, undefined, `refusal ${refusal} of 3 is no ban yet`)
  }
}

/** Has a client refused until it is banned; answers the refusal that brought the ban about. */
export async function refuseUntilBanned(
  subject: Subject,
  limits: readonly Limit[],
  rule: BanRule = RULE,
  key = 'client',
): Promise<Decision> {
  await refuseTwice(subject, limits, rule, key)
  const decision = await subject.consume(key, limits, 1, rule)
  assert.deepEqual(decision.ban, { endsInMs: rule.forMs, isNew: true }, 'the third refusal brings the ban')
  return decision
}

/** Asserts that a client is banned for so long, and that its quota is no reason to wait longer. */
export async function assertBannedFor(
  subject: Subject,
  endsInMs: number,
  limits: readonly Limit[],
  key = 'client',
): Promise<void> {
  const { ban, retryAfterMs } = await subject.consume(key, limits)
  assert.deepEqual(ban, { endsInMs, isNew: false }, 'the ban that the client has, and no new one')
  assert.equal(retryAfterMs, endsInMs, 'the client is told to wait for the end of its ban')
}

export async function block({ store }: Subject, key: string, forMs: number): Promise<void> {
  assert.ok(store.block !== undefined, 'a store that bans has block()')
  await store.block(key, forMs)
}

export async function unblock({ store }: Subject, key: string): Promise<void> {
  assert.ok(store.unblock !== undefined, 'a store that bans has unblock()')
  await store.unblock(key)
}
