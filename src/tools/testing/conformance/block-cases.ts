import assert from 'node:assert/strict'
import {
  assertBannedFor,
  BAN_MS,
  banRule,
  block,
  refuseTwice,
  refuseUntilBanned,
  unblock,
} from './banned-client.ts'
import type { ConformanceCase, ConformanceGroup } from './conformance-case.ts'
import { HOUR_MS, WINDOW_MS } from './tested-store.ts'

const DAY_MS = 24 * HOUR_MS

/** A rule that remembers refusals for longer than any ban of these cases lasts. */
const LONG_RULE = banRule(HOUR_MS, WINDOW_MS)

/** Bans that an operator starts and ends. */
export const blockCases: ConformanceGroup = (store) =>
  store.capabilities?.bans === true
    ? [
        blocksUnknownClients,
        replacesBans,
        keepsUsedUnits,
        blockForgetsRefusals,
        longBlock,
        unblocks,
        unblockForgetsRefusals,
        ...(store.reset === undefined ? [] : [resetEndsBan]),
        ...(store.resetAll === undefined ? [] : [resetAllEndsBans]),
      ]
    : []

const blocksUnknownClients: ConformanceCase = {
  title: 'block() bans a client that the store has never seen, no other client, and only for the given time',
  async run(tested) {
    const limits = [tested.limit(3)]
    await block(tested, 'client', BAN_MS)
    await assertBannedFor(tested, BAN_MS, limits)
    await tested.assertAllowed('block() must not ban another client.', 'client 2', limits)
    tested.clock.advance(BAN_MS - 1)
    await assertBannedFor(tested, 1, limits)
    tested.clock.advance(1)
    const ended = 'A client must be allowed when its block has ended.'
    const { limits: states } = await tested.assertAllowed(ended, 'client', limits)
    assert.equal(states[0]?.remaining, 2, 'Charges during a block must take nothing.')
  },
}

const replacesBans: ConformanceCase = {
  title: 'block() replaces an existing ban, with a longer one or a shorter one',
  async run(tested) {
    const limits = [tested.limit(1)]
    await tested.consume('client', limits)
    await refuseUntilBanned(tested, limits)
    for (const forMs of [2 * WINDOW_MS, 10 * WINDOW_MS, WINDOW_MS]) {
      await block(tested, 'client', forMs)
      await assertBannedFor(tested, forMs, limits)
      tested.clock.advance(30_000)
      await assertBannedFor(tested, forMs - 30_000, limits)
    }
    tested.clock.advance(30_000)
    await tested.assertAllowed('A client must be allowed when its block has ended.', 'client', limits)
  },
}

const keepsUsedUnits: ConformanceCase = {
  title: 'block() does not change the used units of a client, during the block or after it',
  async run(tested) {
    const limits = [tested.limit(3, { windowMs: HOUR_MS })]
    await tested.assertAllowed('A charge must be allowed while units remain.', 'client', limits, 2)
    await block(tested, 'client', 5000)
    const during = await tested.countAllowed(3, 'client', limits)
    assert.equal(during, 0, 'A blocked client must be refused.')
    tested.clock.advance(5000)
    const after = await tested.countAllowed(3, 'client', limits)
    assert.equal(after, 1, 'After a block, a client must have the units that it had before.')
    const { retryAfterMs: waitMs } = await tested.consume('client', limits)
    await block(tested, 'client', 5000)
    const { retryAfterMs } = await tested.consume('client', limits)
    assert.equal(retryAfterMs, waitMs, 'retryAfterMs must be the wait of the limit, if that is longer.')
  },
}

const blockForgetsRefusals: ConformanceCase = {
  title: 'after a block() the count of refusals starts at zero',
  async run(tested) {
    const limits = [tested.limit(1, { windowMs: HOUR_MS })]
    await tested.consume('client', limits)
    await refuseTwice(tested, limits, LONG_RULE)
    await block(tested, 'client', 5000)
    await tested.consume('client', limits, 1, LONG_RULE)
    tested.clock.advance(5000)
    await refuseUntilBanned(tested, limits, LONG_RULE)
  },
}

const longBlock: ConformanceCase = {
  title: 'block() can last 30 days, longer than any timer and longer than the ttlMs of the limits',
  async run(tested) {
    const limits = [tested.limit(1)]
    await block(tested, 'client', 30 * DAY_MS)
    for (let day = 1; day < 30; day++) {
      tested.clock.advance(DAY_MS)
      await tested.chargeOthers(10)
    }
    await assertBannedFor(tested, DAY_MS, limits)
    tested.clock.advance(DAY_MS)
    await tested.assertAllowed('A client must be allowed when its block has ended.', 'client', limits)
  },
}

const unblocks: ConformanceCase = {
  title: 'unblock() ends the ban of one client, and does not change its used units',
  async run(tested) {
    const limits = [tested.limit(2, { windowMs: HOUR_MS })]
    await unblock(tested, 'never seen')
    await tested.consume('client', limits)
    await block(tested, 'client', BAN_MS)
    await block(tested, 'client 2', BAN_MS)
    await unblock(tested, 'client')
    const message = 'A client must be allowed after unblock() while units remain.'
    const { limits: states } = await tested.assertAllowed(message, 'client', limits)
    assert.equal(states[0]?.remaining, 0, 'unblock() must not change the used units of a client.')
    await refuseUntilBanned(tested, limits)
    await unblock(tested, 'client')
    const limited = 'A client must be refused after unblock() when it has used its limit.'
    const { ban } = await tested.assertRefused(limited, 'client', limits)
    assert.equal(ban, undefined, 'A decision after unblock() must have no ban.')
    await assertBannedFor(tested, BAN_MS, limits, 'client 2')
  },
}

const unblockForgetsRefusals: ConformanceCase = {
  title: 'after an unblock() the count of refusals starts at zero',
  async run(tested) {
    const limits = [tested.limit(1, { windowMs: HOUR_MS })]
    await tested.consume('client', limits)
    await refuseTwice(tested, limits, LONG_RULE)
    await unblock(tested, 'client')
    await refuseUntilBanned(tested, limits, LONG_RULE)
    await unblock(tested, 'client')
    await refuseUntilBanned(tested, limits, LONG_RULE)
  },
}

const resetEndsBan: ConformanceCase = {
  title: 'reset() forgets the ban and the refusals of one key',
  async run(tested) {
    const limits = [tested.limit(1)]
    await block(tested, 'kept', BAN_MS)
    await tested.consume('client', limits)
    await refuseUntilBanned(tested, limits)
    await tested.store.reset?.('client')
    await tested.assertAllowed('reset() must forget the ban and the used units of a key.', 'client', limits)
    await refuseTwice(tested, limits, LONG_RULE)
    await tested.store.reset?.('client')
    await tested.consume('client', limits)
    await refuseUntilBanned(tested, limits, LONG_RULE)
    await assertBannedFor(tested, BAN_MS, limits, 'kept')
  },
}

const resetAllEndsBans: ConformanceCase = {
  title: 'resetAll() forgets every ban',
  async run(tested) {
    const limits = [tested.limit(1)]
    for (const key of ['one', 'two', 'three']) await block(tested, key, BAN_MS)
    await tested.store.resetAll?.()
    for (const key of ['one', 'two', 'three']) {
      await tested.assertAllowed('resetAll() must forget the ban of every key.', key, limits)
    }
  },
}
