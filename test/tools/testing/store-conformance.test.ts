import { describe, expect, it } from 'vitest'
import { MemoryStore, type Store } from '../../../src/index.ts'
import type { StoreCapabilities } from '../../../src/stores/store.ts'
import { type FakeClock, storeConformance } from '../../../src/tools/testing/index.ts'
import { failuresOf, nameOf, registeredCases } from './conformance-run.ts'
import { ExactLogStore } from './exact-log-store.ts'
import { SimpleStore } from './simple-store.ts'

storeConformance({ name: 'MemoryStore', describe, it, create: (clock) => new MemoryStore({ clock }) })
storeConformance({ name: 'SimpleStore', describe, it, create: (clock) => new SimpleStore(clock) })
storeConformance({ name: 'ExactLogStore', describe, it, create: (clock) => new ExactLogStore(clock) })
storeConformance({
  name: 'a log that keeps charges until the eighth of the window that they fell into is a window old',
  describe,
  it,
  create: (clock) =>
    new ExactLogStore(clock, (atMs, windowMs) => {
      const sliceMs = Math.ceil(windowMs / 8)
      return (Math.floor(atMs / sliceMs) + 1) * sliceMs + windowMs
    }),
})

/** A store can be this small. */
function tenLines(clock: FakeClock): Store {
  const clients = new Map<string, { startMs: number; used: number }>()
  return {
    consume({ key, limits: [limit], cost }) {
      const { name = '', limit: most = 0, windowMs = 0 } = limit ?? {}
      let client = clients.get(key) ?? { startMs: clock.now(), used: 0 }
      if (clock.now() >= client.startMs + windowMs) client = { startMs: clock.now(), used: 0 }
      client.startMs = Math.min(client.startMs, clock.now())
      const resetMs = client.startMs + windowMs - clock.now()
      const allowed = client.used + cost <= most
      clients.set(key, { ...client, used: client.used + (allowed ? cost : 0) })
      const remaining = most - client.used - (allowed ? cost : 0)
      return {
        allowed,
        retryAfterMs: allowed ? 0 : resetMs,
        limits: [{ name, limit: most, remaining, resetMs }],
      }
    },
  }
}

/** Capable of a part only, and with no method that it need not have. */
function bareBuckets(capabilities: Partial<StoreCapabilities>): (clock: FakeClock) => Store {
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
  'admits the first L units and refuses the next',
  'takes a cost whole or not at all',
  'keeps its promise: refused until retryAfterMs, admitted at it',
  'says rightly when an admitted charge could be repeated, where it says so',
  'admits exactly min(N, L) of N charges in parallel',
  'takes nothing on a refusal: knocking does not prolong the wait',
  'answers a fresh decision each time, never a live counter',
]
const PEEK = ['peeks without taking anything, and says what consume would say']
const CLOCK = [
  'counts from the instant 0 like from any other',
  'survives a clock that is set back an hour: no new quota, no wait beyond a window',
  'counts in a window of 30 days, longer than any timer',
  'counts in a window of one millisecond',
]
const RECEIPTS = [
  'gives back exactly what the receipt was written for',
  'honours a receipt once',
  'never leaves more than the limit, whatever is refunded',
  'does not honour a receipt of before a reset',
]
const SEVERAL_LIMITS = [
  'charges none of several limits when one refuses',
  'decides the same in whatever order the limits stand',
  'counts each of several limits as if it were alone, and waits for the last that refuses',
  'admits in a random trace what all of several limits admit, and nothing else',
]
const SEVERAL_REFUNDS = ['gives a charge back to all of several limits']
const FIXED_WINDOW = [
  'refuses in the instant before the reset and admits L at the reset',
  'counts down to the end of the window that the first charge opened',
  'admits in each window of a random trace what the limit has, no more and no less',
]
const FIXED_WINDOW_REFUNDS = ['honours a receipt in the window of its charge, and in no later one']
const SLIDING_WINDOW = [
  'lets every unit come back a window after it was taken, not all of them at once',
  'resets when the oldest units come back',
  'admits at most L in any window of a random trace, and lets no unit weigh an eighth of it too long',
  'gives back the units of the receipt, and those of other charges neither sooner nor later',
  'does not honour a receipt whose units have come back by themselves',
  'admits at most L that are kept in any window of a random trace, whatever is refunded',
]
const TOKEN_BUCKET = [
  'admits the burst at once, then one unit every windowMs / limit',
  'fills up to the burst and no further, and remembers a client until then',
  'resets in the time that it takes to regain what remains, or the next unit where nothing does',
  'keeps its rate: 7 units in every second, although 7 does not divide it',
  'admits B + floor(d / T) in any interval d of a random trace, no more and no less',
]
const TOKEN_BUCKET_REFUNDS = [
  'gives back only what has not come back by itself',
  'admits at most B + floor(d / T) that are kept in any interval d of a random trace, where one is refunded at a time',
]
const KEYS = [
  'counts every key apart',
  'tells odd keys apart: empty, separators, NUL, CR LF, __proto__, lone surrogates, 10 kB',
]
const RESETS = ['forgets one key on reset, and only that one', 'forgets every key on resetAll']
const REFUSALS = [
  'bans at the Nth refusal, and says so at that one and not again',
  'counts a refused charge as one refusal, whatever it costs',
  'counts refusals from nothing after a ban, those during the ban not included',
  'bans whoever is refused N times in a stretch of the window of the rule, wherever it begins',
  'bans nobody who is refused less often than the rule says',
  'remembers refusals for as long as the rule says, longer than a client for its limits',
  'counts refusals of charges with a rule only, and heeds a ban in every charge',
  'starts one ban, and says so once, of many refusals in parallel',
  'survives a clock that is set back an hour: refusals are not remembered for longer',
]
const BANS = [
  'refuses a banned client until its ban ends, also when its quota is long free again',
  'does not prolong a ban for knocking',
  'asks a banned client to wait for its limits too, where they take longer than the ban',
  'bans the client that was refused, and no other',
  'survives a clock that is set back an hour: a ban goes on, for no longer than a whole one',
]
const BAN_PEEK = ['peeks at a ban as consume would find it, and counts no refusal']
const BLOCKS = [
  'blocks a client that it has never seen, that one only, and until the time is over',
  'replaces the ban that a client has by a block, be it longer or shorter',
  'leaves what a client has used as it was, through a block and after it',
  'counts refusals from nothing after a block',
  'blocks for 30 days, longer than any timer and than a client is remembered for its limits',
  'ends a ban on unblock, and leaves what the client has used as it was',
  'counts refusals from nothing after an unblock',
]
const BLOCK_RESETS = ['forgets a ban and the refusals of one key on reset', 'forgets every ban on resetAll']
const MEMORY = ['forgets nobody before the window ends, however busy others are']
const CLOSING = ['closes, and closes again without an error']

const under = (heading: string, titles: readonly string[]): readonly string[] =>
  titles.map((title) => `${heading} > ${title}`)

describe('the conformance suite', () => {
  it('passes a store of ten lines, and tests nothing that it does not have', async () => {
    const cases = registeredCases(tenLines)
    expect([...(await failuresOf(cases)).values()]).toEqual([])
    expect(cases.map(nameOf)).toEqual([
      ...under('fixed-window', [...COUNTING, ...CLOCK, ...FIXED_WINDOW]),
      ...KEYS,
      ...MEMORY,
    ])
  })

  it('tests all that a store has, once for each algorithm', () => {
    const general = [...COUNTING, ...PEEK, ...CLOCK, ...RECEIPTS, ...SEVERAL_LIMITS, ...SEVERAL_REFUNDS]
    expect(namesFor((clock) => new MemoryStore({ clock }))).toEqual([
      ...under('fixed-window', [...general, ...FIXED_WINDOW, ...FIXED_WINDOW_REFUNDS]),
      ...under('sliding-window', [...general, ...SLIDING_WINDOW]),
      ...under('token-bucket', [...general, ...TOKEN_BUCKET, ...TOKEN_BUCKET_REFUNDS]),
      ...under('several algorithms', [...SEVERAL_LIMITS, ...SEVERAL_REFUNDS]),
      ...[...KEYS, ...RESETS, ...REFUSALS, ...BANS, ...BAN_PEEK, ...BLOCKS, ...BLOCK_RESETS],
      ...[...MEMORY, ...CLOSING],
    ])
  })

  it('tests a store of one algorithm on that one, and bans only where they are declared', async () => {
    const several = registeredCases(bareBuckets({}))
    expect([...(await failuresOf(several)).values()]).toEqual([])
    const buckets = [...COUNTING, ...CLOCK, ...SEVERAL_LIMITS, ...TOKEN_BUCKET]
    expect(several.map(nameOf)).toEqual([...under('token-bucket', buckets), ...KEYS, ...MEMORY])
    const banning = registeredCases(bareBuckets({ severalLimits: false, bans: true }))
    expect([...(await failuresOf(banning)).values()]).toEqual([])
    expect(banning.map(nameOf)).toEqual([
      ...under('token-bucket', [...COUNTING, ...CLOCK, ...TOKEN_BUCKET]),
      ...[...KEYS, ...REFUSALS, ...BANS, ...BLOCKS, ...MEMORY],
    ])
  })

  it('mixes the algorithms of a store that takes several limits, and of no other', () => {
    const two = { algorithms: ['sliding-window', 'token-bucket'] } as const
    expect(namesFor(bareBuckets(two))).toEqual(
      expect.arrayContaining([...under('several algorithms', SEVERAL_LIMITS)]),
    )
    const separate = namesFor(bareBuckets({ ...two, severalLimits: false }))
    expect(separate.filter((name) => /several/.test(name))).toEqual([])
  })

  it('tells who declares bans and has no block() what is missing', async () => {
    const cases = registeredCases((clock) => {
      const { capabilities, consume } = bareBuckets({ bans: true })(clock)
      return { ...(capabilities === undefined ? {} : { capabilities }), consume }
    })
    const failures = await failuresOf(cases)
    const missing = new Set([...failures.values()].map((message) => message.split('\n')[0]))
    expect(missing).toEqual(
      new Set([
        'AssertionError [ERR_ASSERTION]: a store that bans has block()',
        'AssertionError [ERR_ASSERTION]: a store that bans has unblock()',
      ]),
    )
    expect([...failures.keys()].map(({ title }) => title)).toEqual(BLOCKS)
  })

  it('stands under a name of its own', () => {
    const headings = (name?: string): Set<string | undefined> =>
      new Set(registeredCases(tenLines, name).map((one) => one.headings[0]))
    expect(headings()).toEqual(new Set(['store conformance']))
    expect(headings('mine')).toEqual(new Set(['mine']))
  })

  it('closes every store it makes', async () => {
    let [made, closed] = [0, 0]
    const cases = registeredCases((clock) => {
      made++
      return { ...tenLines(clock), close: () => void closed++ }
    })
    expect([made, closed]).toEqual([1, 1])
    await failuresOf(cases)
    expect(made).toBe(cases.length + 1)
    // The case that closes does so twice on its own.
    expect(closed).toBe(made + 2)
  })
})
