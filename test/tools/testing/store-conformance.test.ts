import { describe, expect, it } from 'vitest'
import { MemoryStore, type Store } from '../../../src/index.ts'
import type { Receipt } from '../../../src/limits/decision.ts'
import type { Charge, StoreCapabilities } from '../../../src/stores/store.ts'
import { type FakeClock, storeConformance } from '../../../src/tools/testing/index.ts'
import { failuresOf, nameOf, registeredCases } from './conformance-run.ts'
import { ExactLogStore } from './exact-log-store.ts'
import { SimpleStore } from './simple-store.ts'

storeConformance({ name: 'MemoryStore', describe, it, create: (clock) => new MemoryStore({ clock }) })
storeConformance({ name: 'SimpleStore', describe, it, create: (clock) => new SimpleStore(clock) })
// The long cases of a store that keeps each charge are in exact-log-store.slow.test.ts.
storeConformance({
  name: 'ExactLogStore',
  describe,
  it: (title, test) => {
    if (!/random trace|in every second/.test(title)) it(title, test)
  },
  create: (clock) => new ExactLogStore(clock),
})

/** The smallest store that passes: it has consume() only. */
function smallStore(clock: FakeClock): Store {
  const clients = new Map<string, { startMs: number; used: number }>()
  return {
    consume({ key, limits: [limit], cost }) {
      const { name = '', limit: units = 0, windowMs = 0 } = limit ?? {}
      let client = clients.get(key) ?? { startMs: clock.now(), used: 0 }
      if (clock.now() >= client.startMs + windowMs) client = { startMs: clock.now(), used: 0 }
      client.startMs = Math.min(client.startMs, clock.now())
      const resetMs = client.startMs + windowMs - clock.now()
      const allowed = client.used + cost <= units
      clients.set(key, { ...client, used: client.used + (allowed ? cost : 0) })
      const remaining = units - client.used - (allowed ? cost : 0)
      return {
        allowed,
        retryAfterMs: allowed ? 0 : resetMs,
        limits: [{ name, limit: units, remaining, resetMs }],
      }
    },
  }
}

/** A store of token buckets that has no optional method except block() and unblock(). */
function bucketStore(capabilities: Partial<StoreCapabilities>): (clock: FakeClock) => Store {
  return (clock) => {
    const store = new SimpleStore(clock)
    return {
      capabilities: { ...store.capabilities, algorithms: ['token-bucket'], bans: false, ...capabilities },
      consume: (charge) => store.consume(charge),
      block: (key, forMs) => store.block(key, forMs),
      unblock: (key) => store.unblock(key),
    }
  }
}

function namesFor(create: (clock: FakeClock) => Store): readonly string[] {
  return registeredCases(create).map(nameOf)
}

const COUNTING = [
  'a client can use all units of the limit, and the next charge is refused',
  'a charge takes its whole cost, or nothing',
  'a refused charge is refused until its retryAfterMs has passed, and is allowed then',
  'repeatAfterMs, where a decision has it, is the time until the same charge can be allowed again',
  'of charges in parallel, exactly as many are allowed as the limit has units',
  'a refused charge takes nothing, so more charges do not make the wait longer',
  'each decision is a new object that does not change later',
]
const PEEK = ['peek() takes nothing, and returns what consume() would return']
const CLOCK = [
  'counting works when the clock is at 0',
  'after the clock is set back by an hour, a client gets no new quota, and waits for one window at most',
  'a window can last 30 days, which is longer than any timer',
  'a window can last one millisecond',
]
const REFUNDS = [
  'settle() to 0 gives back exactly the units of the charge',
  'settle() to 0 gives back a charge only once',
  'settle() to 0 never leaves a client with more units than the limit',
  'settle() to 0 gives back a charge also after refusals, because they took nothing',
]
const SETTLEMENTS = [
  'settle() to less gives back exactly the difference, and answers what is recorded',
  'settle() to more takes also what is not left, and the client waits for it',
  'settle() takes no more than leads to a debt of maxDebt units',
  'the last of several settlements of a charge is valid',
  'settle() changes no window after that of the charge',
]
const RECEIPT_RESETS = ['settle() to 0 ignores the receipt of a charge that a reset() has forgotten']
const RECEIPTS = [...REFUNDS, ...SETTLEMENTS, ...RECEIPT_RESETS]
const SEVERAL_LIMITS = [
  'a charge that one of several limits refuses takes nothing from any of them',
  'the order of several limits does not change the decision',
  'each of several limits counts as if it were the only one, and retryAfterMs is the longest wait',
  'in a random trace, a charge is allowed exactly when all of several limits allow it',
]
const SEVERAL_REFUNDS = ['settle() to 0 gives a charge back to all of several limits']
const FIXED_WINDOW = [
  'a window refuses until its last millisecond, and the next window has the full limit',
  'resetMs counts down to the end of the window that the first charge opened',
  'in a random trace, each window allows as many units as the limit has, and no more',
]
const FIXED_WINDOW_REFUNDS = [
  'settle() to 0 gives a charge back in the window of the charge, and in no later window',
]
const SLIDING_WINDOW = [
  'each unit comes back one window after it was taken, and not together with the others',
  'resetMs is the time until the oldest units come back',
  'in a random trace, no window allows more than the limit, and no unit counts for more than 9/8 of a window',
  'settle() to 0 gives back the units of its receipt, and other units still come back at their own time',
  'settle() to 0 ignores a receipt whose units have already come back',
  'in a random trace with refunds, no window has more kept charges than the limit',
]
const TOKEN_BUCKET = [
  'a client can take the burst at once, and then one unit in each windowMs / limit',
  'a bucket fills up to the burst and no further, and is remembered until it is full',
  'resetMs is the time to regain what remains, or, where nothing remains, the time until the next unit',
  'the rate is exact: 7 units come back in every second, although 7 does not divide 1000 ms',
  'in a random trace, any interval of d ms allows burst + floor(d * limit / windowMs) units, and no more',
]
const TOKEN_BUCKET_REFUNDS = [
  'settle() to 0 gives back only the units that have not come back already',
  'in a random trace with one refund at a time, the kept charges stay within the burst and the rate',
]
const CALENDAR_WINDOW = [
  'a window ends when the calendar says, whenever the client began',
  'a day has 23 or 25 hours where daylight-saving time begins or ends',
  'an hour that the clocks show twice is two windows',
  'windows of another unit, time zone or first day have counters of their own',
  'a clock that is set back by a second over the start of a window gives no units twice',
  'after the clock is set back by two days, used units stay used, until the window of that time ends',
  'in a random trace, each window of the calendar allows as many units as the limit has, and no more',
  'a charge on windows of several lengths takes units from all of them or from none',
  'settle() changes a charge until its window ends, and a debt ends with the window',
]
const KEYS = [
  'every key is counted separately',
  'unusual keys are counted separately: empty, separators, NUL, CR LF, __proto__, lone surrogates, 10 kB',
]
const RESETS = ['reset() forgets one key, and no other key', 'resetAll() forgets every key']
const REFUSALS = [
  'the Nth refusal bans the client, and only its decision has ban.isNew = true',
  'a refused charge counts as one refusal, whatever it costs',
  'after a ban the count of refusals starts at zero, and refusals during the ban do not count',
  "N refusals in any stretch of the length of the ban rule's window ban the client",
  'a client that is refused less often than the ban rule says is not banned',
  "refusals are remembered for the ban rule's window, even if it is longer than the ttlMs of the limits",
  'only refusals of charges with a ban rule count, but a ban refuses every charge',
  'many refusals in parallel start one ban, and only one decision has ban.isNew = true',
  'after the clock is set back by an hour, refusals are not remembered for longer',
]
const BANS = [
  'a banned client is refused until its ban ends, even when it has quota again',
  'charges during a ban do not make the ban longer',
  'a banned client waits for its limits too, if their wait is longer than the ban',
  'a ban affects only the client that was refused',
  'after the clock is set back by an hour, a ban continues, for its full time at most',
]
const BAN_PEEK = ['peek() shows a ban as consume() would, and counts no refusal']
const BLOCKS = [
  'block() bans a client that the store has never seen, no other client, and only for the given time',
  'block() replaces an existing ban, with a longer one or a shorter one',
  'block() does not change the used units of a client, during the block or after it',
  'after a block() the count of refusals starts at zero',
  'block() can last 30 days, longer than any timer and longer than the ttlMs of the limits',
  'unblock() ends the ban of one client, and does not change its used units',
  'after an unblock() the count of refusals starts at zero',
]
const BLOCK_RESETS = ['reset() forgets the ban and the refusals of one key', 'resetAll() forgets every ban']
const CONFIGURATIONS = [
  'a charge forgets nothing that limits with another algorithm or window have counted',
  'a limit does not count what limits with another algorithm or window have counted',
  'a limit keeps its count, at most its new amount, when its amount changes',
  'settle() to 0 gives back the charge of its own limit when other limits have charged the key since',
  'a ban holds for limits with another algorithm or window too',
]
const MEMORY = ['a client is remembered until its window ends, while many other clients come']
const CLOSING = ['close() can be called twice']

const under = (heading: string, titles: readonly string[]): readonly string[] =>
  titles.map((title) => `${heading} > ${title}`)

describe('the conformance suite', () => {
  it('passes for a small store, and tests nothing that the store does not have', async () => {
    const cases = registeredCases(smallStore)
    expect([...(await failuresOf(cases)).values()]).toEqual([])
    expect(cases.map(nameOf)).toEqual([
      ...under('fixed-window', [...COUNTING, ...CLOCK, ...FIXED_WINDOW]),
      ...KEYS,
      ...MEMORY,
    ])
  })

  it('tests everything that a store has, for each algorithm', () => {
    const general = [...COUNTING, ...PEEK, ...CLOCK, ...RECEIPTS, ...SEVERAL_LIMITS, ...SEVERAL_REFUNDS]
    expect(namesFor((clock) => new MemoryStore({ clock }))).toEqual([
      ...under('fixed-window', [...general, ...FIXED_WINDOW, ...FIXED_WINDOW_REFUNDS]),
      ...under('sliding-window', [...general, ...SLIDING_WINDOW]),
      ...under('token-bucket', [...general, ...TOKEN_BUCKET, ...TOKEN_BUCKET_REFUNDS]),
      ...under('calendar-window', [...COUNTING, ...PEEK, ...RECEIPTS, ...CALENDAR_WINDOW]),
      ...under('several algorithms', [...SEVERAL_LIMITS, ...SEVERAL_REFUNDS]),
      ...[...KEYS, ...RESETS, ...REFUSALS, ...BANS, ...BAN_PEEK, ...BLOCKS, ...BLOCK_RESETS],
      ...[...CONFIGURATIONS, ...MEMORY, ...CLOSING],
    ])
  })

  it('tests only the algorithm that a store declares, and bans only where they are declared', async () => {
    const withSeveralLimits = registeredCases(bucketStore({}))
    expect([...(await failuresOf(withSeveralLimits)).values()]).toEqual([])
    const buckets = [...COUNTING, ...CLOCK, ...SEVERAL_LIMITS, ...TOKEN_BUCKET]
    expect(withSeveralLimits.map(nameOf)).toEqual([...under('token-bucket', buckets), ...KEYS, ...MEMORY])
    const withBans = registeredCases(bucketStore({ severalLimits: false, bans: true }))
    expect([...(await failuresOf(withBans)).values()]).toEqual([])
    expect(withBans.map(nameOf)).toEqual([
      ...under('token-bucket', [...COUNTING, ...CLOCK, ...TOKEN_BUCKET]),
      ...[...KEYS, ...REFUSALS, ...BANS, ...BLOCKS, ...MEMORY],
    ])
  })

  it('has charges and settlements of one unit only if a store says that it counts no others', async () => {
    const cases = registeredCases((clock) => {
      const store = new SimpleStore(clock)
      const algorithms = ['fixed-window'] as const
      return Object.assign(store, {
        capabilities: { algorithms, severalLimits: false, shared: false, unitCostOnly: true },
        consume: (charge: Charge) => {
          if (charge.cost > 1) throw new Error(`a charge of ${charge.cost}`)
          return SimpleStore.prototype.consume.call(store, charge)
        },
        settle: (receipt: Receipt, cost: number) => {
          if (cost > 1) throw new Error(`a settlement to ${cost}`)
          return SimpleStore.prototype.settle.call(store, receipt, cost)
        },
      })
    })
    expect([...(await failuresOf(cases)).values()]).toEqual([])
    const counting = COUNTING.filter((title) => title !== 'a charge takes its whole cost, or nothing')
    const windows = [...FIXED_WINDOW, ...FIXED_WINDOW_REFUNDS]
    expect(cases.map(nameOf)).toEqual([
      ...under('fixed-window', [...counting, ...PEEK, ...CLOCK, ...REFUNDS, ...RECEIPT_RESETS, ...windows]),
      ...[...KEYS, ...RESETS, ...MEMORY, ...CLOSING],
    ])
  })

  it('mixes the algorithms only if the store takes several limits', () => {
    const two = { algorithms: ['sliding-window', 'token-bucket'] } as const
    expect(namesFor(bucketStore(two))).toEqual(
      expect.arrayContaining([...under('several algorithms', SEVERAL_LIMITS)]),
    )
    const separate = namesFor(bucketStore({ ...two, severalLimits: false }))
    expect(separate.filter((name) => /several/.test(name))).toEqual([])
  })

  it('names the missing methods of a store that declares bans and has no block()', async () => {
    const cases = registeredCases((clock) => {
      const { capabilities, consume } = bucketStore({ bans: true })(clock)
      return { ...(capabilities === undefined ? {} : { capabilities }), consume }
    })
    const failures = await failuresOf(cases)
    const missing = new Set([...failures.values()].map((message) => message.split('\n')[0]))
    expect(missing).toEqual(
      new Set([
        'AssertionError [ERR_ASSERTION]: A store that declares bans must have block().',
        'AssertionError [ERR_ASSERTION]: A store that declares bans must have unblock().',
      ]),
    )
    expect([...failures.keys()].map(({ title }) => title)).toEqual(BLOCKS)
  })

  it('has the given title', () => {
    const headings = (name?: string): Set<string | undefined> =>
      new Set(registeredCases(smallStore, name).map((registered) => registered.headings[0]))
    expect(headings()).toEqual(new Set(['store conformance']))
    expect(headings('mine')).toEqual(new Set(['mine']))
  })

  it('closes every store that it creates', async () => {
    let [created, closed] = [0, 0]
    const cases = registeredCases((clock) => {
      created++
      return { ...smallStore(clock), close: () => void closed++ }
    })
    expect([created, closed]).toEqual([1, 1])
    await failuresOf(cases)
    expect(created).toBe(cases.length + 1)
    // The case of close() calls it twice itself.
    expect(closed).toBe(created + 2)
  })
})
