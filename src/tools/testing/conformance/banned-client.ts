import assert from 'node:assert/strict'
import type { BanRule } from '../../../limits/ban.ts'
import type { Decision } from '../../../limits/decision.ts'
import type { Limit } from '../../../limits/limit.ts'
import { limitOf, type TestedStore, WINDOW_MS } from './tested-store.ts'

/** How long a ban lasts, unless a case needs another time. */
export const BAN_MS: number = 5 * WINDOW_MS

/** Bans a client that is refused three times in ten seconds. */
export const BAN_RULE: BanRule = banRule(10_000, BAN_MS)

/** Bans a client that is refused three times in `windowMs`. */
export function banRule(windowMs: number, forMs: number): BanRule {
  return { refusals: limitOf('sliding-window', 3, { name: 'refusals', windowMs }), forMs }
}

/** Lets a client be refused twice, which does not ban it. */
export async function refuseTwice(
  tested: TestedStore,
  limits: readonly Limit[],
  rule: BanRule,
  key = 'client',
): Promise<void> {
  for (const refusal of [1, 2]) {
    const message = 'A client that has used its limit must be refused.'
    const { ban } = await tested.assertRefused(message, key, limits, 1, rule)
    assert.equal(ban, undefined, `Refusal ${refusal} of 3 must not ban the client.`)
  }
}

/** Lets a client be refused until it is banned. Returns the refusal that bans it. */
export async function refuseUntilBanned(
  tested: TestedStore,
  limits: readonly Limit[],
  rule: BanRule = BAN_RULE,
  key = 'client',
): Promise<Decision> {
  await refuseTwice(tested, limits, rule, key)
  const decision = await tested.consume(key, limits, 1, rule)
  const newBan = { endsInMs: rule.forMs, isNew: true }
  assert.deepEqual(decision.ban, newBan, 'The third refusal must ban the client for the time of the rule.')
  return decision
}

/** Asserts that a client is banned for so long, and that its limits do not make it wait longer. */
export async function assertBannedFor(
  tested: TestedStore,
  endsInMs: number,
  limits: readonly Limit[],
  key = 'client',
): Promise<void> {
  const { ban, retryAfterMs } = await tested.consume(key, limits)
  assert.deepEqual(ban, { endsInMs, isNew: false }, `The client must have a ban that ends in ${endsInMs} ms.`)
  assert.equal(retryAfterMs, endsInMs, 'retryAfterMs must be the time until the end of the ban.')
}

export async function block({ store }: TestedStore, key: string, forMs: number): Promise<void> {
  assert.ok(store.block !== undefined, 'A store that declares bans must have block().')
  await store.block(key, forMs)
}

export async function unblock({ store }: TestedStore, key: string): Promise<void> {
  assert.ok(store.unblock !== undefined, 'A store that declares bans must have unblock().')
  await store.unblock(key)
}
