import assert from 'node:assert/strict'
import {
  assertBannedFor,
  BAN_MS,
  BAN_RULE,
  banRule,
  refuseTwice,
  refuseUntilBanned,
} from './banned-client.ts'
import type { ConformanceCase, ConformanceGroup } from './conformance-case.ts'
import { HOUR_MS, WINDOW_MS } from './tested-store.ts'

/** What a ban does. */
export const banCases: ConformanceGroup = (store) => {
  if (store.capabilities?.bans !== true) return []
  const cases = [lastsUntilItsEnd, notProlonged, longestWait, onlyTheRefusedClient, clockSetBack]
  return store.peek === undefined ? cases : [...cases, peekShowsBans]
}

const lastsUntilItsEnd: ConformanceCase = {
  title: 'a banned client is refused until its ban ends, even when it has quota again',
  async run(tested) {
    const limits = [tested.limit(1)]
    await tested.consume('client', limits, 1, BAN_RULE)
    await refuseUntilBanned(tested, limits)
    tested.clock.advance(3 * WINDOW_MS)
    await tested.chargeOthers(50)
    await assertBannedFor(tested, 2 * WINDOW_MS, limits)
    tested.clock.advance(2 * WINDOW_MS - 1)
    await assertBannedFor(tested, 1, limits)
    tested.clock.advance(1)
    const ended = 'A client must be allowed when its ban has ended.'
    const { ban } = await tested.assertAllowed(ended, 'client', limits, 1, BAN_RULE)
    assert.equal(ban, undefined, 'A decision after the end of a ban must have no ban.')
  },
}

const notProlonged: ConformanceCase = {
  title: 'charges during a ban do not make the ban longer',
  async run(tested) {
    const limits = [tested.limit(1)]
    await tested.consume('client', limits, 1, BAN_RULE)
    await refuseUntilBanned(tested, limits)
    for (let endsInMs = BAN_MS - 2000; endsInMs > 0; endsInMs -= 2000) {
      tested.clock.advance(2000)
      const { ban } = await tested.consume('client', limits, 1, BAN_RULE)
      assert.deepEqual(ban, { endsInMs, isNew: false }, 'A charge during a ban must not change the ban.')
    }
    tested.clock.advance(2000)
    const ended = 'A client must be allowed when its ban has ended.'
    await tested.assertAllowed(ended, 'client', limits, 1, BAN_RULE)
  },
}

const longestWait: ConformanceCase = {
  title: 'a banned client waits for its limits too, if their wait is longer than the ban',
  async run(tested) {
    const rule = banRule(10_000, WINDOW_MS)
    const limits = [tested.limit(1, { windowMs: HOUR_MS })]
    await tested.consume('client', limits, 1, rule)
    const { retryAfterMs: waitMs } = await tested.consume('client', limits)
    const { retryAfterMs } = await refuseUntilBanned(tested, limits, rule)
    const longest = 'retryAfterMs must be the wait of the limit, if that is longer than the ban.'
    assert.equal(retryAfterMs, waitMs, longest)
    tested.clock.advance(WINDOW_MS - 1)
    const last = await tested.consume('client', limits, 1, rule)
    assert.equal(last.ban?.endsInMs, 1, 'The ban must last as long as its rule says.')
    assert.equal(last.retryAfterMs, waitMs - WINDOW_MS + 1, longest)
    tested.clock.advance(1)
    const after = await tested.consume('client', limits, 1, rule)
    assert.equal(after.ban, undefined, 'A decision after the end of a ban must have no ban.')
    assert.equal(
      after.retryAfterMs,
      waitMs - WINDOW_MS,
      'The end of a ban must not change the wait of a limit.',
    )
    tested.clock.advance(waitMs - WINDOW_MS)
    const waited = 'A charge must be allowed after its retryAfterMs.'
    await tested.assertAllowed(waited, 'client', limits, 1, rule)
  },
}

const onlyTheRefusedClient: ConformanceCase = {
  title: 'a ban affects only the client that was refused',
  async run(tested) {
    const limits = [tested.limit(1)]
    for (const key of ['client', 'client 2', 'other']) {
      await tested.consume(key, limits, 1, BAN_RULE)
      await refuseTwice(tested, limits, BAN_RULE, key)
    }
    const third = await tested.consume('client', limits, 1, BAN_RULE)
    assert.ok(third.ban?.isNew, 'The third refusal must ban the client.')
    tested.clock.advance(2 * WINDOW_MS)
    for (const key of ['client 2', 'other', 'never seen']) {
      const message = `The ban of the key 'client' must not refuse the key '${key}'.`
      await tested.assertAllowed(message, key, limits, 1, BAN_RULE)
    }
  },
}

const clockSetBack: ConformanceCase = {
  title: 'after the clock is set back by an hour, a ban continues, for its full time at most',
  async run(tested) {
    const limits = [tested.limit(1)]
    await tested.consume('client', limits, 1, BAN_RULE)
    await refuseUntilBanned(tested, limits)
    tested.clock.set(tested.clock.now() - HOUR_MS)
    const { ban, retryAfterMs } = await tested.consume('client', limits, 1, BAN_RULE)
    assert.ok(ban !== undefined, 'A ban must continue when the clock is set back.')
    const rule = 'After the clock is set back, retryAfterMs must be at most the full time of the ban'
    assert.ok(retryAfterMs <= BAN_MS, `${rule}, ${BAN_MS} ms. It is ${retryAfterMs} ms.`)
    tested.clock.advance(retryAfterMs)
    const waited = 'A charge must be allowed after its retryAfterMs.'
    await tested.assertAllowed(waited, 'client', limits, 1, BAN_RULE)
  },
}

const peekShowsBans: ConformanceCase = {
  title: 'peek() shows a ban as consume() would, and counts no refusal',
  async run(tested) {
    const limits = [tested.limit(1)]
    await tested.consume('client', limits, 1, BAN_RULE)
    for (let turn = 0; turn < 5; turn++) {
      const { allowed, ban } = await tested.peek('client', limits, 1, BAN_RULE)
      assert.equal(allowed, false, 'peek() must return allowed = false when no units remain.')
      assert.equal(ban, undefined, 'peek() must not count as a refusal.')
    }
    await refuseUntilBanned(tested, limits)
    tested.clock.advance(2 * WINDOW_MS)
    const peeked = await tested.peek('client', limits, 1, BAN_RULE)
    const consumed = await tested.consume('client', limits, 1, BAN_RULE)
    assert.deepEqual(
      [peeked.allowed, peeked.retryAfterMs, peeked.limits, peeked.ban],
      [consumed.allowed, consumed.retryAfterMs, consumed.limits, consumed.ban],
      'peek() must return the decision that consume() would return.',
    )
  },
}
