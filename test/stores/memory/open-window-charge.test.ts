import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { banned } from '../../../src/limits/ban.ts'
import { type FixedWindowState, fixedWindow } from '../../../src/limits/fixed-window.ts'
import { LARGEST_LIMIT, type Limit } from '../../../src/limits/limit.ts'
import { ClientCursor, type ClientRows } from '../../../src/stores/memory/client-cursor.ts'
import type { ClientEntry } from '../../../src/stores/memory/client-entry.ts'
import { chargeOpenWindow, openWindowRecord } from '../../../src/stores/memory/open-window-charge.ts'
import { keptCost } from '../../../src/stores/memory/table/row-format.ts'
import { limitOf } from '../../support/charges.ts'
import { fingerprintOf, newClientRows, WINDOW, windowEntry } from './client-rows.ts'
import { CENTURY_MS, CREATED_AT_MS, LARGEST_WORD } from './some-entries.ts'

const ORIGIN_MS = CREATED_AT_MS - 2 ** 39

/** A client with one fixed window, as the algorithm itself would keep it. */
interface Client extends ClientEntry {
  readonly window: FixedWindowState
}

/** A client after a charge, and what the algorithm answered. */
interface ChargedClient extends Client {
  readonly allowed: boolean
  readonly remaining: number
  readonly resetMs: number
}

/** Whether a narrow row can hold the client. */
function isNarrow({ window: { startMs, used, windowId }, expiresAtMs }: Client): boolean {
  const isDated = expiresAtMs >= ORIGIN_MS && expiresAtMs < ORIGIN_MS + 2 ** 40
  return isDated && [expiresAtMs - startMs, used, windowId].every((word) => word >= 0 && word <= LARGEST_WORD)
}

/** The client after a charge by the algorithm; undefined where a rewind was needed. */
function chargedByAlgorithm(
  client: Client,
  limit: Limit,
  nowMs: number,
  cost: number,
): ChargedClient | undefined {
  const { allowed, remaining, resetMs, state } = fixedWindow.charge(client.window, nowMs, limit, cost)
  if (fixedWindow.rewind(client.window, nowMs, limit) !== client.window) return undefined
  const window = allowed ? state : client.window
  return {
    limits: [limit],
    window,
    states: [window],
    ban: client.ban,
    expiresAtMs: allowed ? Math.max(client.expiresAtMs, nowMs + limit.ttlMs) : client.expiresAtMs,
    refusedCost: allowed ? 0 : keptCost(cost),
    allowed,
    remaining,
    resetMs,
  }
}

/** The client after `chargeOpenWindow`; undefined where `chargeOpenWindow` leaves the charge to the algorithm. */
function expectedAfter(client: Client, limit: Limit, nowMs: number, cost: number): ChargedClient | undefined {
  const { window, ban, refusedCost } = client
  const after = chargedByAlgorithm(client, limit, nowMs, cost)
  if (after === undefined || ban !== undefined || !isNarrow(client) || !isNarrow(after)) return undefined
  const isOpen = window.used > 0 && nowMs < window.startMs + limit.windowMs
  if (!isOpen || window.used > limit.limit) return undefined
  if (!after.allowed) return after
  const isRepeatable = fixedWindow.charge(after.window, nowMs, limit, cost).allowed
  return refusedCost === 0 && isRepeatable ? after : undefined
}

/** The client in the form in which a cursor writes it and reads it. */
function entryOf({ limits, states, ban, expiresAtMs, refusedCost }: ClientEntry): ClientEntry {
  return { limits, states, ban, expiresAtMs, refusedCost }
}

function clientOf(limit: Limit, window: FixedWindowState, overrides: Partial<ClientEntry> = {}): Client {
  const expiresAtMs = window.startMs + limit.ttlMs
  return {
    limits: [limit],
    window,
    states: [window],
    ban: undefined,
    expiresAtMs,
    refusedCost: 0,
    ...overrides,
  }
}

/** A table with one client, and the words of its row. */
function tableOf(entry: ClientEntry): { clients: ClientRows; cursor: ClientCursor; words: () => number[] } {
  const clients = newClientRows()
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

/** Charges the client, and checks the answer and every word of the row. Returns whether the charge was taken. */
function check(client: Client, limit: Limit, nowMs: number, cost: number): boolean {
  const { clients, cursor, words } = tableOf(client)
  const before = words()
  const expected = expectedAfter(client, limit, nowMs, cost)
  const limits = [limit]
  const decision = chargeOpenWindow(cursor, clients.schemas.use(limits), limit, nowMs, { cost })
  if (expected === undefined || decision === undefined) {
    assert.equal(decision, expected)
    assert.deepEqual(words(), before)
    return false
  }
  const { allowed, remaining, resetMs } = expected
  assert.deepEqual(decision, {
    allowed,
    retryAfterMs: allowed ? 0 : resetMs,
    limits: [{ name: limit.name, limit: limit.limit, remaining, resetMs }],
  })
  assert.deepEqual(openWindowRecord(cursor, cost), [cost, expected.window.windowId])
  const other = new ClientCursor(clients)
  other.find(fingerprintOf(1))
  for (const own of [cursor, other]) assert.deepEqual(own.read(), { ...entryOf(expected), limits })
  // The same words as if the client had been written anew.
  assert.deepEqual(words(), tableOf(expected).words())
  return true
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

/** Numbers near some edges. */
function near(...edges: number[]): fc.Arbitrary<number> {
  return fc
    .tuple(fc.constantFrom(...edges), fc.integer({ min: -2, max: 2 }))
    .map(([edge, more]) => edge + more)
}

/** Any client with this limit, including one whose limit was lowered or raised. */
function someClient(limit: Limit): fc.Arbitrary<Client> {
  const { limit: units, windowMs, ttlMs } = limit
  const startMs = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: CREATED_AT_MS - 5000, max: CREATED_AT_MS + 5000 }) },
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
    fc.constant(banned(CREATED_AT_MS, 500)),
    fc.constant({ refusals: { slices: [{ id: 1, lastMs: CREATED_AT_MS, units: 1 }], lastId: 1 } }),
  )
  const refusedCost = fc.oneof({ weight: 12, arbitrary: fc.constant(0) }, fc.constantFrom(1, 16, 512))
  return fc
    .tuple(startMs, used, windowId, laterMs, ban, refusedCost)
    .map(([start, taken, id, later, known, refused]) =>
      clientOf(
        limit,
        { startMs: start, used: taken, windowId: id },
        { ban: known, refusedCost: refused, expiresAtMs: start + ttlMs + later },
      ),
    )
}

/** The time and cost of a charge, often near the edges of the window or of the limit. */
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

describe('chargeOpenWindow', () => {
  it('answers and leaves what the algorithm would, or returns undefined and changes nothing', () => {
    const counted = { taken: 0, left: 0 }
    const any = SOME_LIMIT.chain((limit) =>
      someClient(limit).chain((client) =>
        someCharge(client, limit).map((charge) => ({ ...charge, client, limit })),
      ),
    )
    fc.assert(
      fc.property(any, ({ client, limit, nowMs, cost }) => {
        counted[check(client, limit, nowMs, cost) ? 'taken' : 'left']++
      }),
      { numRuns: 5000 },
    )
    // Both cases occur often.
    expect(counted.taken).toBeGreaterThan(300)
    expect(counted.left).toBeGreaterThan(300)
  })

  it('takes nearly every charge of an ordinary client', () => {
    const client = fc.tuple(fc.integer({ min: 1, max: 998 }), fc.nat(LARGEST_WORD))
    const ms = fc.nat(59_999)
    fc.assert(
      fc.property(client, ms, fc.boolean(), ([used, windowId], sinceMs, isFresh) => {
        const limit = limitOf(1000)
        const startMs = CREATED_AT_MS - 3_600_000
        const expiresAtMs = startMs + (isFresh ? sinceMs : 0) + limit.ttlMs
        const known = clientOf(limit, { startMs, used, windowId }, { expiresAtMs })
        assert.equal(check(known, limit, startMs + sinceMs, 1), true)
      }),
      { numRuns: 1000 },
    )
  })

  it('counts from the second charge of a window to the last but one', () => {
    const limit = limitOf(62, { windowMs: 1000 })
    const limits = [limit]
    const { clients, cursor } = tableOf(clientOf(limit, { startMs: CREATED_AT_MS, used: 1, windowId: 5 }))
    const schema = clients.schemas.use(limits)
    for (let used = 2; used < 62; used++) {
      const nowMs = CREATED_AT_MS + 10 * used
      if (chargeOpenWindow(cursor, schema, limit, nowMs, { cost: 1 }) === undefined)
        throw new Error('not taken')
      expect(openWindowRecord(cursor, 1)).toEqual([1, 5])
      expect(cursor.expiresAtMs).toBe(nowMs + limit.ttlMs)
    }
    // After the next charge nothing remains for another one, so its decision needs `repeatAfterMs`.
    expect(chargeOpenWindow(cursor, schema, limit, CREATED_AT_MS + 800, { cost: 1 })).toBeUndefined()
    expect(chargeOpenWindow(cursor, schema, limit, CREATED_AT_MS + 800, { cost: 0 })?.limits).toMatchObject([
      { remaining: 1 },
    ])
    expect(cursor.read().states).toEqual([{ startMs: CREATED_AT_MS, used: 61, windowId: 5 }])
  })
})

/** The two words of this expiry in a wide row would read as 82 s and as many units in a narrow row. */
const MISLEADING_MS = Math.ceil(CREATED_AT_MS / 2 ** 20) * 2 ** 20 + 20

describe('a charge that needs more than counting', () => {
  const limit = limitOf(10)
  const nowMs = WINDOW.startMs + 1000
  const ordinary = clientOf(limit, WINDOW)

  it('is taken by chargeOpenWindow where nothing is special', () => {
    expect(check(ordinary, limit, nowMs, 1)).toBe(true)
  })

  it.each<[string, Client, Limit, number, number]>([
    ['the window has ended', ordinary, limit, WINDOW.startMs + 60_000, 1],
    ['the clock was set back to before its start', ordinary, limit, WINDOW.startMs - 1, 1],
    ['all of the window was given back', clientOf(limit, { ...WINDOW, used: 0 }), limit, nowMs, 1],
    ['the charge could not be repeated', ordinary, limit, nowMs, 4],
    ['the limit is lower now than what was used', ordinary, limitOf(WINDOW.used - 1), nowMs, 1],
    ['the latest charge was refused', clientOf(limit, WINDOW, { refusedCost: 8 }), limit, nowMs, 1],
    ['the window is shorter now', ordinary, limitOf(10, { windowMs: 1000 }), nowMs, 1],
    ['the client is banned', clientOf(limit, WINDOW, { ban: banned(nowMs, 500) }), limit, nowMs, 1],
    ['the ban of the client is over', clientOf(limit, WINDOW, { ban: banned(0, 500) }), limit, nowMs, 1],
    [
      'refusals of the client are counted',
      clientOf(limit, WINDOW, { ban: { refusals: { slices: [], lastId: 0 } } }),
      limit,
      nowMs,
      1,
    ],
    [
      'the client would have more units than a word holds',
      clientOf(limitOf(LARGEST_LIMIT), { ...WINDOW, used: LARGEST_WORD }),
      limitOf(LARGEST_LIMIT),
      nowMs,
      1,
    ],
    [
      'the row is wide',
      clientOf(limitOf(LARGEST_LIMIT), { ...WINDOW, used: LARGEST_WORD + 1 }),
      limitOf(LARGEST_LIMIT),
      nowMs,
      1,
    ],
    [
      'the row is wide, and its words look like an open window',
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
      'the window would start further from the expiry than a word holds',
      clientOf(limit, WINDOW, { expiresAtMs: WINDOW.startMs + LARGEST_WORD }),
      limitOf(10, { ttlMs: LARGEST_WORD }),
      nowMs,
      1,
    ],
  ])('is left to the algorithm: %s', (_when, client, charged, atMs, cost) => {
    expect(check(client, charged, atMs, cost)).toBe(false)
  })

  it('is left to the algorithm: it is refused, and refusals are counted', () => {
    const { clients, cursor, words } = tableOf(ordinary)
    const before = words()
    const ban = { refusals: limitOf(3), forMs: 5000 }
    const schema = clients.schemas.use([limit])
    expect(chargeOpenWindow(cursor, schema, limit, nowMs, { cost: 8, ban })).toBeUndefined()
    expect(words()).toEqual(before)
    expect(chargeOpenWindow(cursor, schema, limit, nowMs, { cost: 8 })).toMatchObject({ allowed: false })
    expect(cursor.refusedCost).toBe(8)
  })

  it.each<[string, readonly Limit[]]>([
    ['a limit of another name', [limitOf(10, { name: 'other' })]],
    ['two limits', [limit, limitOf(10, { name: 'other' })]],
    ['a sliding window', [limitOf(10, { algorithm: 'sliding-window' })]],
    ['a token bucket', [limitOf(10, { algorithm: 'token-bucket' })]],
  ])('is left to the algorithm: it charges %s, and the client has one fixed window', (_what, limits) => {
    const { clients, cursor, words } = tableOf(ordinary)
    const before = words()
    const [first] = limits
    if (first === undefined) throw new Error('no limit')
    expect(chargeOpenWindow(cursor, clients.schemas.use(limits), first, nowMs, { cost: 1 })).toBeUndefined()
    expect(words()).toEqual(before)
  })

  it('is left to the algorithm: the client has a bucket or several limits, and the charge has the same', () => {
    const bucket = limitOf(10, { algorithm: 'token-bucket' })
    const several = [limit, limitOf(10, { name: 'other' })]
    for (const limits of [[bucket], several]) {
      const states = limits.map(({ algorithm }) =>
        algorithm === 'token-bucket' ? { fullAtMs: nowMs + 500, fullAtParts: 1, fillId: 1 } : WINDOW,
      )
      const { clients, cursor, words } = tableOf({ ...windowEntry(), limits, states })
      const before = words()
      const schema = clients.schemas.use(limits)
      expect(chargeOpenWindow(cursor, schema, limits[0] ?? limit, nowMs, { cost: 1 })).toBeUndefined()
      expect(words()).toEqual(before)
    }
  })
})

describe('a client that chargeOpenWindow charges wherever it can', () => {
  it('is the same at every step of a trace as a client that only the algorithm charges', () => {
    const steps = fc.array(
      fc.tuple(
        fc.oneof(
          fc.constantFrom(0, 1, 999, 1000),
          fc.integer({ min: -1500, max: 700 }),
          fc.constant(2 ** 31),
        ),
        fc.integer({ min: 0, max: 4 }),
        // A function chooses the limit of each charge.
        fc.constantFrom(31, 31, 31, 12, 200),
      ),
      { maxLength: 60, size: 'max' },
    )
    fc.assert(
      fc.property(steps, fc.boolean(), (taken, isLong) => {
        const limits = [12, 31, 200].map((units) => [
          limitOf(units, isLong ? { windowMs: 2 ** 32 - 2 ** 30 } : { windowMs: 1000 }),
        ])
        let nowMs = CREATED_AT_MS
        const fastRows = newClientRows()
        const ordinaryRows = newClientRows()
        const [fast, ordinary] = [new ClientCursor(fastRows), new ClientCursor(ordinaryRows)]
        for (const [gapMs, cost, units] of taken) {
          nowMs += gapMs
          const own = limits.find(([limit]) => limit?.limit === units) ?? []
          const [limit = limitOf(1)] = own
          const schema = fastRows.schemas.use(own)
          ordinaryRows.schemas.use(own)
          const decision = fast.find(fingerprintOf(1))
            ? chargeOpenWindow(fast, schema, limit, nowMs, { cost })
            : undefined
          ordinary.find(fingerprintOf(1))
          const answer = chargeOrdinarily(ordinary, own, limit, nowMs, cost)
          if (decision === undefined) chargeOrdinarily(fast, own, limit, nowMs, cost)
          else assert.deepEqual(decision.limits, [{ name: limit.name, limit: limit.limit, ...answer }])
          assert.equal(fast.isKnown, ordinary.isKnown)
          if (ordinary.isKnown) assert.deepEqual(fast.read(), ordinary.read())
        }
      }),
      { numRuns: 300 },
    )
  })

  /** Charges by the algorithm, and returns what it answers. */
  function chargeOrdinarily(
    cursor: ClientCursor,
    limits: readonly Limit[],
    limit: Limit,
    nowMs: number,
    cost: number,
  ): { remaining: number; resetMs: number } {
    const known = cursor.isKnown ? cursor.read() : undefined
    const kept = known?.states[0]
    assert.ok(kept === undefined || 'startMs' in kept)
    const state = kept === undefined ? undefined : fixedWindow.rewind(kept, nowMs, limit)
    const { allowed, remaining, resetMs, state: after } = fixedWindow.charge(state, nowMs, limit, cost)
    if (!allowed) {
      if (known !== undefined) cursor.setRefusedCost(cost)
      return { remaining, resetMs }
    }
    const untilMs = nowMs + limit.ttlMs
    cursor.write({
      limits,
      states: [after],
      ban: undefined,
      expiresAtMs: Math.max(known?.expiresAtMs ?? untilMs, untilMs),
      refusedCost: 0,
    })
    return { remaining, resetMs }
  }
})
