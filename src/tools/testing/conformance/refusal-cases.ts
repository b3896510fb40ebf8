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

/** Which refusals lead to a ban. */
export const refusalCases: ConformanceGroup = (store) =>
  store.capabilities?.bans === true
    ? [
        nthRefusal,
        anyCost,
        startsAtZero,
        anyStretch,
        tooFewRefusals,
        remembersRefusals,
        onlyWithRule,
        oneBanInParallel,
        clockSetBack,
      ]
    : []

/** A store may count a refusal for an eighth longer than the ten seconds of the rule. */
const LONGEST_REMEMBERED_MS = 11_250

const NO_BAN_YET = 'A client with fewer refusals than the rule says must not be banned.'

const nthRefusal: ConformanceCase = {
  title: 'the Nth refusal bans the client, and only its decision has ban.isNew = true',
  async run(tested) {
    const limits = [tested.limit(1)]
    await tested.consume('client', limits, 1, BAN_RULE)
    const { retryAfterMs } = await refuseUntilBanned(tested, limits)
    assert.equal(
      retryAfterMs,
      BAN_MS,
      'The refusal that bans a client must have the ban as its retryAfterMs.',
    )
    tested.clock.advance(1000)
    const again = await tested.consume('client', limits, 1, BAN_RULE)
    const ban = { endsInMs: BAN_MS - 1000, isNew: false }
    assert.deepEqual(again.ban, ban, 'ban.isNew must be false after the refusal that bans the client.')
    assert.equal(again.retryAfterMs, BAN_MS - 1000, 'retryAfterMs must be the time until the end of the ban.')
  },
}

const anyCost: ConformanceCase = {
  title: 'a refused charge counts as one refusal, whatever it costs',
  async run(tested) {
    const limits = [tested.limit(3)]
    await tested.consume('client', limits, 2, BAN_RULE)
    for (const cost of [3, 2]) {
      const { ban, limits: states } = await tested.consume('client', limits, cost, BAN_RULE)
      assert.equal(ban, undefined, `A refused charge of ${cost} must count as one refusal.`)
      assert.equal(states[0]?.remaining, 1, 'A refusal must take nothing.')
    }
    const third = await tested.consume('client', limits, 2, BAN_RULE)
    assert.ok(third.ban?.isNew, 'The third refusal must ban the client.')
  },
}

const startsAtZero: ConformanceCase = {
  title: 'after a ban the count of refusals starts at zero, and refusals during the ban do not count',
  async run(tested) {
    const rule = banRule(HOUR_MS, WINDOW_MS)
    const limits = [tested.limit(1, { windowMs: HOUR_MS })]
    await tested.consume('client', limits, 1, rule)
    for (let ban = 1; ban <= 3; ban++) {
      await refuseUntilBanned(tested, limits, rule)
      for (let refusal = 1; refusal <= 5; refusal++) await tested.consume('client', limits, 1, rule)
      tested.clock.advance(WINDOW_MS)
    }
  },
}

const anyStretch: ConformanceCase = {
  title: "N refusals in any stretch of the length of the ban rule's window ban the client",
  async run(tested) {
    const limits = [tested.limit(1, { windowMs: HOUR_MS })]
    for (const refusalsMs of [
      [0, 5000, 9999],
      // The first refusal is too old at the third one. The second is not too old at the fourth one.
      [0, 9000, LONGEST_REMEMBERED_MS + 1, 13_000],
    ]) {
      const times = refusalsMs.join(', ')
      const key = `refused at ${times} ms`
      await tested.consume(key, limits, 1, BAN_RULE)
      const startMs = tested.clock.now()
      for (const refusalMs of refusalsMs) {
        tested.clock.set(startMs + refusalMs)
        const { ban } = await tested.consume(key, limits, 1, BAN_RULE)
        const isLast = refusalMs === refusalsMs.at(-1)
        const rule = `Of refusals at ${times} ms, only the last must ban the client.`
        assert.equal(ban !== undefined, isLast, `${rule} The decision at ${refusalMs} ms is wrong.`)
      }
    }
  },
}

const tooFewRefusals: ConformanceCase = {
  title: 'a client that is refused less often than the ban rule says is not banned',
  async run(tested) {
    const limits = [tested.limit(1, { windowMs: HOUR_MS })]
    await tested.consume('client', limits, 1, BAN_RULE)
    for (let refusal = 1; refusal <= 20; refusal++) {
      tested.clock.advance(LONGEST_REMEMBERED_MS / 2 + 1)
      const message = 'A client that has used its limit must be refused.'
      const { ban } = await tested.assertRefused(message, 'client', limits, 1, BAN_RULE)
      assert.equal(ban, undefined, NO_BAN_YET)
    }
  },
}

const remembersRefusals: ConformanceCase = {
  title:
    "refusals are remembered for the ban rule's window, even if it is longer than the ttlMs of the limits",
  async run(tested) {
    const rule = banRule(HOUR_MS, BAN_MS)
    const limits = [tested.limit(1)]
    for (const refusal of [1, 2, 3]) {
      const notBanned = 'A client without a ban must be allowed while units remain.'
      await tested.assertAllowed(notBanned, 'client', limits, 1, rule)
      const { ban } = await tested.consume('client', limits, 1, rule)
      const thirdOnly =
        "The third refusal within the ban rule's window must ban the client, and no earlier one."
      assert.equal(ban !== undefined, refusal === 3, `${thirdOnly} This is refusal ${refusal}.`)
      tested.clock.advance(HOUR_MS / 3)
      await tested.chargeOthers(50)
    }
  },
}

const onlyWithRule: ConformanceCase = {
  title: 'only refusals of charges with a ban rule count, but a ban refuses every charge',
  async run(tested) {
    const limits = [tested.limit(1)]
    const allowed = await tested.countAllowed(10, 'client', limits)
    assert.equal(allowed, 1, 'As many charges must be allowed as the limit has units.')
    await refuseUntilBanned(tested, limits)
    await assertBannedFor(tested, BAN_MS, limits)
  },
}

const oneBanInParallel: ConformanceCase = {
  title: 'many refusals in parallel start one ban, and only one decision has ban.isNew = true',
  async run(tested) {
    const limits = [tested.limit(1)]
    const charges = Array.from({ length: 20 }, () => tested.consume('client', limits, 1, BAN_RULE))
    const bans = (await Promise.all(charges)).map(({ ban }) => ban?.isNew)
    const countOf = (isNew: boolean | undefined): number => bans.filter((one) => one === isNew).length
    assert.equal(countOf(undefined), 3, 'One allowed charge and two refusals must have no ban.')
    assert.equal(countOf(true), 1, 'Exactly one refusal must have ban.isNew = true.')
    assert.equal(countOf(false), 16, 'All other refusals must have ban.isNew = false.')
  },
}

const clockSetBack: ConformanceCase = {
  title: 'after the clock is set back by an hour, refusals are not remembered for longer',
  async run(tested) {
    const limits = [tested.limit(1, { windowMs: HOUR_MS })]
    await tested.consume('client', limits, 1, BAN_RULE)
    await refuseTwice(tested, limits, BAN_RULE)
    tested.clock.set(tested.clock.now() - HOUR_MS)
    // This charge has no ban rule: the store sees the new time, and counts no refusal.
    await tested.consume('client', limits)
    tested.clock.advance(LONGEST_REMEMBERED_MS)
    await refuseTwice(tested, limits, BAN_RULE)
  },
}
