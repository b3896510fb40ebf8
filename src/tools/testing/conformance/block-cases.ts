import assert from 'node:assert/strict'
import {
  assertBannedFor,
  BAN_MS,
  block,
  refuseTwice,
  refuseUntilBanned,
  ruleOf,
  unblock,
} from './banned-client.ts'
import type { ConformanceCase, ConformanceGroup } from './conformance-case.ts'
import { HOUR_MS, WINDOW_MS } from './subject.ts'

const DAY_MS = 24 * HOUR_MS

/** A rule whose refusals are remembered for longer than any ban of a test. */
const LONG_RULE = ruleOf(HOUR_MS, WINDOW_MS)

/** Bans by hand, and their end by hand. */
export const blockCases: ConformanceGroup = (store) =>
  store.capabilities?.bans === true
    ? [
        blocksUnknown,
        replaces,
        keepsUsed,
        blockForgetsRefusals,
        longBlock,
        unblocks,
        unblockForgetsRefusals,
        ...(store.reset === undefined ? [] : [resetEndsBan]),
        ...(store.resetAll === undefined ? [] : [resetAllEndsBans]),
      ]
    : []

const blocksUnknown: ConformanceCase = {
  title: 'blocks a client that it has never seen, that one only, and until the time is over',
  async run(subject) {
    const limits = [subject.limit(3)]
    await block(subject, 'client', BAN_MS)
    await assertBannedFor(subject, BAN_MS, limits)
    assert.equal((await subject.consume('client 2', limits)).allowed, true, 'another client is not blocked')
    subject.clock.advance(BAN_MS - 1)
    await assertBannedFor(subject, 1, limits)
    subject.clock.advance(1)
    const { allowed, limits: states } = await subject.consume('client', limits)
    assert.deepEqual([allowed, states[0]?.remaining], [true, 2], 'admitted when the block is over')
  },
}

const replaces: ConformanceCase = {
  title: 'replaces the ban that a client has by a block, be it longer or shorter',
  async run(subject) {
    const limits = [subject.limit(1)]
    await subject.consume('client', limits)
    await refuseUntilBanned(subject, limits)
    for (const forMs of [2 * WINDOW_MS, 10 * WINDOW_MS, WINDOW_MS]) {
      await block(subject, 'client', forMs)
      await assertBannedFor(subject, forMs, limits)
      subject.clock.advance(30_000)
      await assertBannedFor(subject, forMs - 30_000, limits)
    }
    subject.clock.advance(30_000)
    assert.equal((await subject.consume('client', limits)).allowed, true)
  },
}

const keepsUsed: ConformanceCase = {
  title: 'leaves what a client has used as it was, through a block and after it',
  async run(subject) {
    const limits = [subject.limit(3, { windowMs: HOUR_MS })]
    assert.equal((await subject.consume('client', limits, 2)).allowed, true)
    await block(subject, 'client', 5000)
    assert.equal(await subject.admittedOf(3, 'client', limits), 0)
    subject.clock.advance(5000)
    assert.equal(await subject.admittedOf(3, 'client', limits), 1, 'one of three was left')
    const { retryAfterMs: waitMs } = await subject.consume('client', limits)
    await block(subject, 'client', 5000)
    const { retryAfterMs } = await subject.consume('client', limits)
    assert.equal(retryAfterMs, waitMs, 'the wait of the limit, which is longer than the block')
  },
}

const blockForgetsRefusals: ConformanceCase = {
  title: 'counts refusals from nothing after a block',
  async run(subject) {
    const limits = [subject.limit(1, { windowMs: HOUR_MS })]
    await subject.consume('client', limits)
    await refuseTwice(subject, limits, LONG_RULE)
    await block(subject, 'client', 5000)
    await subject.consume('client', limits, 1, LONG_RULE)
    subject.clock.advance(5000)
    await refuseUntilBanned(subject, limits, LONG_RULE)
  },
}

const longBlock: ConformanceCase = {
  title: 'blocks for 30 days, longer than any timer and than a client is remembered for its limits',
  async run(subject) {
    const limits = [subject.limit(1)]
    await block(subject, 'client', 30 * DAY_MS)
    for (let day = 1; day < 30; day++) {
      subject.clock.advance(DAY_MS)
      await subject.others(10)
    }
    await assertBannedFor(subject, DAY_MS, limits)
    subject.clock.advance(DAY_MS)
    assert.equal((await subject.consume('client', limits)).allowed, true)
  },
}

const unblocks: ConformanceCase = {
  title: 'ends a ban on unblock, and leaves what the client has used as it was',
  async run(subject) {
    const limits = [subject.limit(2, { windowMs: HOUR_MS })]
    await unblock(subject, 'never seen')
    await subject.consume('client', limits)
    await block(subject, 'client', BAN_MS)
    await block(subject, 'client 2', BAN_MS)
    await unblock(subject, 'client')
    const { allowed, limits: states } = await subject.consume('client', limits)
    assert.deepEqual([allowed, states[0]?.remaining], [true, 0], 'the second of two units')
    await refuseUntilBanned(subject, limits)
    await unblock(subject, 'client')
    const refused = await subject.consume('client', limits)
    assert.deepEqual([refused.allowed, refused.ban], [false, undefined], 'refused by its limit alone')
    await assertBannedFor(subject, BAN_MS, limits, 'client 2')
  },
}

const unblockForgetsRefusals: ConformanceCase = {
  title: 'counts refusals from nothing after an unblock',
  async run(subject) {
    const limits = [subject.limit(1, { windowMs: HOUR_MS })]
    await subject.consume('client', limits)
    await refuseTwice(subject, limits, LONG_RULE)
    await unblock(subject, 'client')
    await refuseUntilBanned(subject, limits, LONG_RULE)
    await unblock(subject, 'client')
    await refuseUntilBanned(subject, limits, LONG_RULE)
  },
}

const resetEndsBan: ConformanceCase = {
  title: 'forgets a ban and the refusals of one key on reset',
  async run(subject) {
    const limits = [subject.limit(1)]
    await block(subject, 'kept', BAN_MS)
    await subject.consume('client', limits)
    await refuseUntilBanned(subject, limits)
    await subject.store.reset?.('client')
    assert.equal((await subject.consume('client', limits)).allowed, true, 'neither banned nor counted')
    await refuseTwice(subject, limits, LONG_RULE)
    await subject.store.reset?.('client')
    await subject.consume('client', limits)
    await refuseUntilBanned(subject, limits, LONG_RULE)
    await assertBannedFor(subject, BAN_MS, limits, 'kept')
  },
}

const resetAllEndsBans: ConformanceCase = {
  title: 'forgets every ban on resetAll',
  async run(subject) {
    const limits = [subject.limit(1)]
    for (const key of ['one', 'two', 'three']) await block(subject, key, BAN_MS)
    await subject.store.resetAll?.()
    for (const key of ['one', 'two', 'three']) {
      assert.equal((await subject.consume(key, limits)).allowed, true, key)
    }
  },
}
