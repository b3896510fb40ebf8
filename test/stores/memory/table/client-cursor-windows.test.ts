import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { banned } from '../../../../src/limits/ban.ts'
import { type FixedWindowState, fixedWindow } from '../../../../src/limits/fixed-window.ts'
import { LARGEST_LIMIT, type Limit } from '../../../../src/limits/limit.ts'
import { ClientCursor, type ClientRows } from '../../../../src/stores/memory/table/client-cursor.ts'
import { type ClientEntry, fullnessOfLimit } from '../../../../src/stores/memory/table/client-entry.ts'
import { FULL } from '../../../../src/stores/memory/table/row-format.ts'
import { limitOf } from '../../../support/charges.ts'
import { fingerprintOf, noClients, WINDOW, windowEntry } from './clients.ts'
import { CENTURY_MS, LARGEST_WORD, MADE_AT_MS } from './some-entries.ts'

const ORIGIN_MS = MADE_AT_MS - 2 ** 39

/** A client of one window, as a plain model of it. */
interface Client extends ClientEntry {
  readonly window: FixedWindowState
}

/** Whether a row of three words holds it. */
function isNarrow({ window: { startMs, used, windowId }, expiresAtMs }: Client): boolean {
  const isDated = expiresAtMs >= ORIGIN_MS && expiresAtMs < ORIGIN_MS + 2 ** 40
  return isDated && [expiresAtMs - startMs, used, windowId].every((word) => word >= 0 && word <= LARGEST_WORD)
}

/** The client after a charge in the ordinary way; undefined when it is refused, or had to be set back first. */
function charged(client: Client, limit: Limit, nowMs: number, cost: number): Client | undefined {
  const { allowed, remaining, state } = fixedWindow.charge(client.window, nowMs, limit, cost)
  if (!allowed || fixedWindow.rewind(client.window, nowMs, limit) !== client.window) return undefined
  return {
    limits: [limit],
    window: state,
    states: [state],
    ban: client.ban,
    expiresAtMs: Math.max(client.expiresAtMs, nowMs + limit.ttlMs),
    fullness: fullnessOfLimit(limit, remaining),
  }
}

/** What a charge in place is to leave; undefined where it is to be decided in the ordinary way. */
function chargedInPlace(client: Client, limit: Limit, nowMs: number, cost: number): Client | undefined {
  const after = charged(client, limit, nowMs, cost)
  if (after === undefined || client.ban !== undefined || !isNarrow(client) || !isNarrow(after))
    return undefined
  const isOpen = client.window.used > 0 && after.window.windowId === client.window.windowId
  const isRepeatable = fixedWindow.charge(after.window, nowMs, limit, cost).allowed
  return isOpen && after.window.startMs === client.window.startMs && isRepeatable ? after : undefined
}

/** What is known of the client, in the form in which it is written and read. */
function entryOf({ limits, states, ban, expiresAtMs, fullness }: ClientEntry): ClientEntry {
  return { limits, states, ban, expiresAtMs, fullness }
}

function clientOf(limit: Limit, window: FixedWindowState, overrides: Partial<ClientEntry> = {}): Client {
  const expiresAtMs = window.startMs + limit.ttlMs
  const fullness = fullnessOfLimit(limit, Math.max(0, limit.limit - window.used))
  return { limits: [limit], window, states: [window], ban: undefined, expiresAtMs, fullness, ...overrides }
}

/** A table with one client, and the words of its row. */
function tableOf(entry: ClientEntry): { clients: ClientRows; cursor: ClientCursor; words: () => number[] } {
  const clients = noClients()
  const cursor = new ClientCursor(clients)
  cursor.find(fingerprintOf(1))
  cursor.write(entryOf(entry))
  const words = (): number[] => {
    const row = clients.table.find(fingerprintOf(1))
    const { rows } = clients.table
    const start = rows.startOf(row)
    return [...rows.wordsOf(row).slice(start, start + rows.widthOf(row))]
  }
  return { clients, cursor, words }
}

/** Charges in place, and checks that it leaves what it is to leave, or nothing else than there was. */
function check(client: Client, limit: Limit, nowMs: number, cost: number): boolean {
  const { clients, cursor, words } = tableOf(client)
  const before = words()
  const expected = chargedInPlace(client, limit, nowMs, cost)
  const limits = [limit]
  const isCharged = cursor.chargeOpenWindow(clients.schemas.of(limits), limit, nowMs, cost)
  assert.equal(isCharged, expected !== undefined)
  if (expected === undefined) {
    assert.deepEqual(words(), before)
  } else {
    const other = new ClientCursor(clients)
    other.find(fingerprintOf(1))
    for (const own of [cursor, other]) assert.deepEqual(own.read(), { ...entryOf(expected), limits })
    assert.deepEqual(cursor.window, expected.window)
    // As if it had been written anew.
    assert.deepEqual(words(), tableOf(expected).words())
  }
  return isCharged
}

const SOME_LIMIT: fc.Arbitrary<Limit> = fc
  .tuple(
    fc.oneof(
      fc.integer({ min: 1, max: 100 }),
      fc.constantFrom(31, 62, 310, LARGEST_WORD, LARGEST_WORD + 9, LARGEST_LIMIT),
      fc.integer({ min: 1, max: LARGEST_LIMIT }),
    ),
    fc.oneof(
      fc.integer({ min: 1, max: 1000 }),
      fc.constantFrom(60_000, 60_000, LARGEST_WORD - 1, CENTURY_MS),
    ),
    fc.constantFrom(0, 30_000, 30_000, 30_000, 30_000, LARGEST_WORD),
  )
  .map(([units, windowMs, longerMs]) => limitOf(units, { windowMs, ttlMs: windowMs + longerMs }))

/** Around some edge. */
function near(...edges: number[]): fc.Arbitrary<number> {
  return fc
    .tuple(fc.constantFrom(...edges), fc.integer({ min: -2, max: 2 }))
    .map(([edge, more]) => edge + more)
}

/** Any client of a limit, one that the limit was lowered or raised for included. */
function someClient(limit: Limit): fc.Arbitrary<Client> {
  const { limit: units, windowMs, ttlMs } = limit
  const startMs = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: MADE_AT_MS - 5000, max: MADE_AT_MS + 5000 }) },
    near(ORIGIN_MS, ORIGIN_MS - windowMs, ORIGIN_MS + 2 ** 40 - ttlMs, ORIGIN_MS + 2 ** 40, 0),
  )
  const used = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 1, max: Math.min(units, 40) }) },
    fc.integer({ min: 0, max: units }),
    near(LARGEST_WORD, Math.floor(units / 2), units).map((value) => Math.max(0, value)),
  )
  const windowId = fc.oneof(fc.constantFrom(0, LARGEST_WORD), fc.nat(LARGEST_WORD))
  const laterMs = fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, fc.nat(2 * windowMs), near(LARGEST_WORD))
  const ban = fc.oneof(
    { weight: 12, arbitrary: fc.constant(undefined) },
    fc.constant(banned(MADE_AT_MS, 500)),
    fc.constant({ refusals: { slices: [{ id: 1, lastMs: MADE_AT_MS, units: 1 }], lastId: 1 } }),
  )
  return fc
    .tuple(startMs, used, windowId, laterMs, ban, fc.nat(FULL))
    .map(([start, taken, id, later, known, fullness]) =>
      clientOf(
        limit,
        { startMs: start, used: taken, windowId: id },
        { ban: known, fullness, expiresAtMs: start + ttlMs + later },
      ),
    )
}

/** When and what it is charged: where its window has its edges, and where its limit has. */
function someCharge({ window }: Client, limit: Limit): fc.Arbitrary<{ nowMs: number; cost: number }> {
  const { startMs, used } = window
  const left = Math.max(0, limit.limit - used)
  const sinceMs = fc.oneof(
    { weight: 4, arbitrary: fc.nat(limit.windowMs) },
    near(0, limit.windowMs - 1),
    fc.integer({ min: -100_000, max: 2 * limit.windowMs }),
  )
  const cost = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 0, max: 2 }) },
    fc.integer({ min: 0, max: left }),
    near(Math.floor(left / 2), left, LARGEST_WORD - used).map((value) => Math.max(0, value)),
  )
  return fc.tuple(sinceMs, cost).map(([since, units]) => ({ nowMs: startMs + since, cost: units }))
}

describe('a charge in place', () => {
  it('of any window leaves what the ordinary way would have left, or answers false and changes nothing', () => {
    const counted = { inPlace: 0, not: 0 }
    const any = SOME_LIMIT.chain((limit) =>
      someClient(limit).chain((client) =>
        someCharge(client, limit).map((charge) => ({ ...charge, client, limit })),
      ),
    )
    fc.assert(
      fc.property(any, ({ client, limit, nowMs, cost }) => {
        counted[check(client, limit, nowMs, cost) ? 'inPlace' : 'not']++
      }),
      { numRuns: 5000 },
    )
    // Neither is it always done nor never.
    expect(counted.inPlace).toBeGreaterThan(300)
    expect(counted.not).toBeGreaterThan(300)
  })

  it('is what nearly every charge of an ordinary client comes to', () => {
    const client = fc.tuple(fc.integer({ min: 1, max: 998 }), fc.nat(LARGEST_WORD), fc.nat(FULL))
    const ms = fc.nat(59_999)
    fc.assert(
      fc.property(client, ms, fc.boolean(), ([used, windowId, fullness], sinceMs, isFresh) => {
        const limit = limitOf(1000)
        const startMs = MADE_AT_MS - 3_600_000
        const expiresAtMs = startMs + (isFresh ? sinceMs : 0) + limit.ttlMs
        const known = clientOf(limit, { startMs, used, windowId }, { fullness, expiresAtMs })
        assert.equal(check(known, limit, startMs + sinceMs, 1), true)
      }),
      { numRuns: 1000 },
    )
  })

  it('counts from the second charge of a window to the last but one', () => {
    const limit = limitOf(62, { windowMs: 1000 })
    const limits = [limit]
    const { clients, cursor } = tableOf(clientOf(limit, { startMs: MADE_AT_MS, used: 1, windowId: 5 }))
    const schema = clients.schemas.of(limits)
    for (let used = 2; used < 62; used++) {
      const nowMs = MADE_AT_MS + 10 * used
      expect(cursor.chargeOpenWindow(schema, limit, nowMs, 1)).toBe(true)
      expect(cursor.window).toEqual({ startMs: MADE_AT_MS, used, windowId: 5 })
      expect(cursor.fullness).toBe(Math.floor(used / 2))
      expect(cursor.expiresAtMs).toBe(nowMs + limit.ttlMs)
    }
    // The next one would leave nothing for another: when that one is admitted has to be said with it.
    expect(cursor.chargeOpenWindow(schema, limit, MADE_AT_MS + 800, 1)).toBe(false)
    expect(cursor.chargeOpenWindow(schema, limit, MADE_AT_MS + 800, 0)).toBe(true)
    expect(cursor.read().states).toEqual([{ startMs: MADE_AT_MS, used: 61, windowId: 5 }])
  })
})

/** An expiry that takes, as a number of two words, one that reads as 82 s and one that reads as many units. */
const MISLEADING_MS = Math.ceil(MADE_AT_MS / 2 ** 20) * 2 ** 20 + 20

describe('a charge that is more than to count', () => {
  const limit = limitOf(10)
  const nowMs = WINDOW.startMs + 1000
  const ordinary = clientOf(limit, WINDOW)

  it('is none where all is ordinary', () => {
    expect(check(ordinary, limit, nowMs, 1)).toBe(true)
  })

  it.each<[string, Client, Limit, number, number]>([
    ['in a window that has ended', ordinary, limit, WINDOW.startMs + 60_000, 1],
    ['on a clock that was set back behind its beginning', ordinary, limit, WINDOW.startMs - 1, 1],
    ['in a window that was given back', clientOf(limit, { ...WINDOW, used: 0 }), limit, nowMs, 1],
    ['that is refused', ordinary, limit, nowMs, 8],
    ['that could not be repeated', ordinary, limit, nowMs, 4],
    ['where the limit is lower now', ordinary, limitOf(3), nowMs, 1],
    ['where the window is shorter now', ordinary, limitOf(10, { windowMs: 1000 }), nowMs, 1],
    ['of a banned client', clientOf(limit, WINDOW, { ban: banned(nowMs, 500) }), limit, nowMs, 1],
    ['after a ban', clientOf(limit, WINDOW, { ban: banned(0, 500) }), limit, nowMs, 1],
    [
      'after refusals',
      clientOf(limit, WINDOW, { ban: { refusals: { slices: [], lastId: 0 } } }),
      limit,
      nowMs,
      1,
    ],
    [
      'that brings more units than a word holds',
      clientOf(limitOf(LARGEST_LIMIT), { ...WINDOW, used: LARGEST_WORD }),
      limitOf(LARGEST_LIMIT),
      nowMs,
      1,
    ],
    [
      'in a wide row',
      clientOf(limitOf(LARGEST_LIMIT), { ...WINDOW, used: LARGEST_WORD + 1 }),
      limitOf(LARGEST_LIMIT),
      nowMs,
      1,
    ],
    [
      'in a wide row whose words would pass for an open window',
      clientOf(
        limitOf(LARGEST_LIMIT),
        { startMs: MISLEADING_MS - 61_000, used: LARGEST_WORD + 1, windowId: 1 },
        { expiresAtMs: MISLEADING_MS },
      ),
      limitOf(LARGEST_LIMIT),
      MISLEADING_MS - 60_000,
      1,
    ],
    [
      'that makes a window last longer than a word holds',
      clientOf(limit, WINDOW, { expiresAtMs: WINDOW.startMs + LARGEST_WORD }),
      limitOf(10, { ttlMs: LARGEST_WORD }),
      nowMs,
      1,
    ],
  ])('is not done in place: one %s', (_what, client, asked, atMs, cost) => {
    expect(check(client, asked, atMs, cost)).toBe(false)
  })

  it.each<[string, readonly Limit[]]>([
    ['a limit of another name', [limitOf(10, { name: 'other' })]],
    ['two limits', [limit, limitOf(10, { name: 'other' })]],
    ['a sliding window', [limitOf(10, { algorithm: 'sliding-window' })]],
    ['a token bucket', [limitOf(10, { algorithm: 'token-bucket' })]],
  ])('is not done in place: one of %s, where one window was counted before', (_what, limits) => {
    const { clients, cursor, words } = tableOf(ordinary)
    const before = words()
    const [first] = limits
    if (first === undefined) throw new Error('no limit')
    expect(cursor.chargeOpenWindow(clients.schemas.of(limits), first, nowMs, 1)).toBe(false)
    expect(words()).toEqual(before)
  })

  it('is not done in place: one of a bucket or several limits, which were counted before as well', () => {
    const bucket = limitOf(10, { algorithm: 'token-bucket' })
    const several = [limit, limitOf(10, { name: 'other' })]
    for (const limits of [[bucket], several]) {
      const states = limits.map(({ algorithm }) =>
        algorithm === 'token-bucket' ? { fullAtMs: nowMs + 500, fullAtParts: 1, fillId: 1 } : WINDOW,
      )
      const { clients, cursor, words } = tableOf({ ...windowEntry(), limits, states })
      const before = words()
      expect(cursor.chargeOpenWindow(clients.schemas.of(limits), limits[0] ?? limit, nowMs, 1)).toBe(false)
      expect(words()).toEqual(before)
    }
  })
})

describe('a client whose window is charged in place wherever it can be', () => {
  it('is all its life what it would be without', () => {
    const steps = fc.array(
      fc.tuple(
        fc.oneof(
          fc.constantFrom(0, 1, 999, 1000),
          fc.integer({ min: -1500, max: 700 }),
          fc.constant(2 ** 31),
        ),
        fc.integer({ min: 0, max: 4 }),
        // A function decides on the limit.
        fc.constantFrom(31, 31, 31, 12, 200),
      ),
      { maxLength: 60, size: 'max' },
    )
    fc.assert(
      fc.property(steps, fc.boolean(), (taken, isLong) => {
        const limits = [12, 31, 200].map((units) => [
          limitOf(units, isLong ? { windowMs: 2 ** 32 - 2 ** 30 } : { windowMs: 1000 }),
        ])
        let nowMs = MADE_AT_MS
        const inPlace = noClients()
        const ordinary = noClients()
        const [first, second] = [new ClientCursor(inPlace), new ClientCursor(ordinary)]
        for (const [gapMs, cost, units] of taken) {
          nowMs += gapMs
          const own = limits.find(([limit]) => limit?.limit === units) ?? []
          const [limit = limitOf(1)] = own
          const schema = inPlace.schemas.of(own)
          ordinary.schemas.of(own)
          if (!first.find(fingerprintOf(1)) || !first.chargeOpenWindow(schema, limit, nowMs, cost)) {
            chargeOrdinarily(first, own, limit, nowMs, cost)
          }
          second.find(fingerprintOf(1))
          chargeOrdinarily(second, own, limit, nowMs, cost)
          assert.equal(first.isKnown, second.isKnown)
          if (second.isKnown) assert.deepEqual(first.read(), second.read())
        }
      }),
      { numRuns: 300 },
    )
  })

  function chargeOrdinarily(
    cursor: ClientCursor,
    limits: readonly Limit[],
    limit: Limit,
    nowMs: number,
    cost: number,
  ): void {
    const known = cursor.isKnown ? cursor.read() : undefined
    const kept = known?.states[0]
    assert.ok(kept === undefined || 'windowId' in kept)
    const state = kept === undefined ? undefined : fixedWindow.rewind(kept, nowMs, limit)
    const outcome = fixedWindow.charge(state, nowMs, limit, cost)
    if (!outcome.allowed) {
      if (known !== undefined) cursor.markFull()
      return
    }
    const untilMs = nowMs + limit.ttlMs
    cursor.write({
      limits,
      states: [outcome.state],
      ban: undefined,
      expiresAtMs: Math.max(known?.expiresAtMs ?? untilMs, untilMs),
      fullness: fullnessOfLimit(limit, outcome.remaining),
    })
  }
})
