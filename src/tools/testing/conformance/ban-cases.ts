import assert from 'node:assert/strict'
import { assertBannedFor, BAN_MS, RULE, refuseTwice, refuseUntilBanned, ruleOf } from './banned-client.ts'
import type { ConformanceCase, ConformanceGroup } from './conformance-case.ts'
import { HOUR_MS, WINDOW_MS } from './subject.ts'

/** What a ban does, whichever refusals brought it about. */
export const banCases: ConformanceGroup = (store) => {
  if (store.capabilities?.bans !== true) return []
  const cases = [outright, notProlonged, laterOfBoth, otherKeys, clockBack]
  return store.peek === undefined ? cases : [...cases, peeksAtBans]
}

const outright: ConformanceCase = {
  title: 'refuses a banned client until its ban ends, also when its quota is long free again',
  async run(subject) {
    const limits = [subject.limit(1)]
    await subject.consume('client', limits, 1, RULE)
    await refuseUntilBanned(subject, limits)
    subject.clock.advance(3 * WINDOW_MS)
    await subject.others(50)
    await assertBannedFor(subject, 2 * WINDOW_MS, limits)
    subject.clock.advance(2 * WINDOW_MS - 1)
    await assertBannedFor(subject, 1, limits)
    subject.clock.advance(1)
    const { allowed, ban } = await subject.consume('client', limits, 1, RULE)
    assert.deepEqual([allowed, ban], [true, undefined], 'admitted at the end of the ban')
  },
}

const notProlonged: ConformanceCase = {
  title: 'does not prolong a ban for knocking',
  async run(subject) {
    const limits = [subject.limit(1)]
    await subject.consume('client', limits, 1, RULE)
    await refuseUntilBanned(subject, limits)
    for (let endsInMs = BAN_MS - 2000; endsInMs > 0; endsInMs -= 2000) {
      subject.clock.advance(2000)
      const { ban } = await subject.consume('client', limits, 1, RULE)
      assert.deepEqual(ban, { endsInMs, isNew: false })
    }
    subject.clock.advance(2000)
    assert.equal((await subject.consume('client', limits, 1, RULE)).allowed, true)
  },
}

const laterOfBoth: ConformanceCase = {
  title: 'asks a banned client to wait for its limits too, where they take longer than the ban',
  async run(subject) {
    const rule = ruleOf(10_000, WINDOW_MS)
    const limits = [subject.limit(1, { windowMs: HOUR_MS })]
    await subject.consume('client', limits, 1, rule)
    const { retryAfterMs: waitMs } = await subject.consume('client', limits)
    const { retryAfterMs } = await refuseUntilBanned(subject, limits, rule)
    assert.equal(retryAfterMs, waitMs, 'the wait of the limit, which is longer')
    subject.clock.advance(WINDOW_MS - 1)
    const last = await subject.consume('client', limits, 1, rule)
    assert.deepEqual([last.ban?.endsInMs, last.retryAfterMs], [1, waitMs - WINDOW_MS + 1])
    subject.clock.advance(1)
    const after = await subject.consume('client', limits, 1, rule)
    assert.deepEqual([after.ban, after.retryAfterMs], [undefined, waitMs - WINDOW_MS], 'the ban is over')
    subject.clock.advance(waitMs - WINDOW_MS)
    assert.equal((await subject.consume('client', limits, 1, rule)).allowed, true, 'the promise holds')
  },
}

const otherKeys: ConformanceCase = {
  title: 'bans the client that was refused, and no other',
  async run(subject) {
    const limits = [subject.limit(1)]
    for (const key of ['client', 'client 2', 'other']) {
      await subject.consume(key, limits, 1, RULE)
      await refuseTwice(subject, limits, RULE, key)
    }
    assert.ok((await subject.consume('client', limits, 1, RULE)).ban?.isNew, 'the third refusal is the ban')
    subject.clock.advance(2 * WINDOW_MS)
    for (const key of ['client 2', 'other', 'never seen']) {
      assert.equal((await subject.consume(key, limits, 1, RULE)).allowed, true, key)
    }
  },
}

const clockBack: ConformanceCase = {
  title: 'survives a clock that is set back an hour: a ban goes on, for no longer than a whole one',
  async run(subject) {
    const limits = [subject.limit(1)]
    await subject.consume('client', limits, 1, RULE)
    await refuseUntilBanned(subject, limits)
    subject.clock.advance(-HOUR_MS)
    const { ban, retryAfterMs } = await subject.consume('client', limits, 1, RULE)
    assert.ok(ban !== undefined, 'the ban goes on')
    assert.ok(retryAfterMs <= BAN_MS, `asked to wait ${retryAfterMs} ms for a ban of ${BAN_MS} ms`)
    subject.clock.advance(retryAfterMs)
    assert.equal((await subject.consume('client', limits, 1, RULE)).allowed, true, 'the promise holds')
  },
}

const peeksAtBans: ConformanceCase = {
  title: 'peeks at a ban as consume would find it, and counts no refusal',
  async run(subject) {
    const limits = [subject.limit(1)]
    await subject.consume('client', limits, 1, RULE)
    for (let turn = 0; turn < 5; turn++) {
      const { allowed, ban } = await subject.peek('client', limits, 1, RULE)
      assert.deepEqual([allowed, ban], [false, undefined], 'a look is no refusal')
    }
    await refuseUntilBanned(subject, limits)
    subject.clock.advance(2 * WINDOW_MS)
    const peeked = await subject.peek('client', limits, 1, RULE)
    const consumed = await subject.consume('client', limits, 1, RULE)
    assert.deepEqual(
      [peeked.allowed, peeked.retryAfterMs, peeked.limits, peeked.ban],
      [consumed.allowed, consumed.retryAfterMs, consumed.limits, consumed.ban],
    )
  },
}
