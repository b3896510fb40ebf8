import assert from 'node:assert/strict'
import { assertBannedFor, BAN_MS, RULE, refuseTwice, refuseUntilBanned, ruleOf } from './banned-client.ts'
import type { ConformanceCase, ConformanceGroup } from './conformance-case.ts'
import { HOUR_MS, WINDOW_MS } from './subject.ts'

/** Which refusals bring a ban about. */
export const refusalCases: ConformanceGroup = (store) =>
  store.capabilities?.bans === true
    ? [
        nthRefusal,
        anyCost,
        fromNothing,
        anyStretch,
        tooSlow,
        remembered,
        onlyWithRule,
        onceInParallel,
        clockBack,
      ]
    : []

/** A store may count a refusal for an eighth longer than the ten seconds of the rule. */
const LONGEST_REMEMBERED_MS = 11_250

const nthRefusal: ConformanceCase = {
  title: 'bans at the Nth refusal, and says so at that one and not again',
  async run(subject) {
    const limits = [subject.limit(1)]
    await subject.consume('client', limits, 1, RULE)
    const { retryAfterMs } = await refuseUntilBanned(subject, limits)
    assert.equal(retryAfterMs, BAN_MS)
    subject.clock.advance(1000)
    const again = await subject.consume('client', limits, 1, RULE)
    assert.deepEqual(again.ban, { endsInMs: BAN_MS - 1000, isNew: false })
    assert.equal(again.retryAfterMs, BAN_MS - 1000)
  },
}

const anyCost: ConformanceCase = {
  title: 'counts a refused charge as one refusal, whatever it costs',
  async run(subject) {
    const limits = [subject.limit(3)]
    await subject.consume('client', limits, 2, RULE)
    for (const cost of [3, 2]) {
      const { ban, limits: states } = await subject.consume('client', limits, cost, RULE)
      assert.equal(ban, undefined, `a refused charge of ${cost} is one refusal of 3`)
      assert.equal(states[0]?.remaining, 1, 'a refusal that brings no ban takes nothing')
    }
    assert.ok((await subject.consume('client', limits, 2, RULE)).ban?.isNew, 'the third refusal is the ban')
  },
}

const fromNothing: ConformanceCase = {
  title: 'counts refusals from nothing after a ban, those during the ban not included',
  async run(subject) {
    const rule = ruleOf(HOUR_MS, WINDOW_MS)
    const limits = [subject.limit(1, { windowMs: HOUR_MS })]
    await subject.consume('client', limits, 1, rule)
    for (let ban = 1; ban <= 3; ban++) {
      await refuseUntilBanned(subject, limits, rule)
      for (let knock = 1; knock <= 5; knock++) await subject.consume('client', limits, 1, rule)
      subject.clock.advance(WINDOW_MS)
    }
  },
}

const anyStretch: ConformanceCase = {
  title: 'bans whoever is refused N times in a stretch of the window of the rule, wherever it begins',
  async run(subject) {
    const limits = [subject.limit(1, { windowMs: HOUR_MS })]
    for (const refusalsMs of [
      [0, 5000, 9999],
      // For the third the first is too old, and for the fourth the second is not.
      [0, 9000, LONGEST_REMEMBERED_MS + 1, 13_000],
    ]) {
      const key = `refused at ${refusalsMs.join(', ')} ms`
      await subject.consume(key, limits, 1, RULE)
      const startMs = subject.clock.now()
      for (const refusalMs of refusalsMs) {
        subject.clock.set(startMs + refusalMs)
        const { ban } = await subject.consume(key, limits, 1, RULE)
        assert.equal(ban !== undefined, refusalMs === refusalsMs.at(-1), `ban at ${refusalMs} ms of ${key}`)
      }
    }
  },
}

const tooSlow: ConformanceCase = {
  title: 'bans nobody who is refused less often than the rule says',
  async run(subject) {
    const limits = [subject.limit(1, { windowMs: HOUR_MS })]
    await subject.consume('client', limits, 1, RULE)
    for (let refusal = 1; refusal <= 20; refusal++) {
      subject.clock.advance(LONGEST_REMEMBERED_MS / 2 + 1)
      const { allowed, ban } = await subject.consume('client', limits, 1, RULE)
      assert.deepEqual([allowed, ban], [false, undefined])
    }
  },
}

const remembered: ConformanceCase = {
  title: 'remembers refusals for as long as the rule says, longer than a client for its limits',
  async run(subject) {
    const rule = ruleOf(HOUR_MS, BAN_MS)
    const limits = [subject.limit(1)]
    for (const refusal of [1, 2, 3]) {
      assert.equal((await subject.consume('client', limits, 1, rule)).allowed, true)
      const { ban } = await subject.consume('client', limits, 1, rule)
      assert.equal(ban !== undefined, refusal === 3, `ban at refusal ${refusal} of 3`)
      subject.clock.advance(HOUR_MS / 3)
      await subject.others(50)
    }
  },
}

const onlyWithRule: ConformanceCase = {
  title: 'counts refusals of charges with a rule only, and heeds a ban in every charge',
  async run(subject) {
    const limits = [subject.limit(1)]
    assert.equal(await subject.admittedOf(10, 'client', limits), 1)
    await refuseUntilBanned(subject, limits)
    await assertBannedFor(subject, BAN_MS, limits)
  },
}

const onceInParallel: ConformanceCase = {
  title: 'starts one ban, and says so once, of many refusals in parallel',
  async run(subject) {
    const limits = [subject.limit(1)]
    const charges = Array.from({ length: 20 }, () => subject.consume('client', limits, 1, RULE))
    const bans = (await Promise.all(charges)).map(({ ban }) => ban?.isNew)
    const countOf = (isNew: boolean | undefined): number => bans.filter((one) => one === isNew).length
    assert.equal(countOf(undefined), 3, 'one admitted, and two refused without a ban')
    assert.equal(countOf(true), 1, 'one refusal brings the ban')
    assert.equal(countOf(false), 16, 'all others find it')
  },
}

const clockBack: ConformanceCase = {
  title: 'survives a clock that is set back an hour: refusals are not remembered for longer',
  async run(subject) {
    const limits = [subject.limit(1, { windowMs: HOUR_MS })]
    await subject.consume('client', limits, 1, RULE)
    await refuseTwice(subject, limits, RULE)
    subject.clock.advance(-HOUR_MS)
    // Looks at the clock, and leaves the two refusals where they were.
    await subject.consume('client', limits)
    subject.clock.advance(LONGEST_REMEMBERED_MS)
    await refuseTwice(subject, limits, RULE)
  },
}
