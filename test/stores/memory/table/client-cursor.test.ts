import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { banned } from '../../../../src/limits/ban.ts'
import type { FixedWindowState } from '../../../../src/limits/fixed-window.ts'
import { LARGEST_LIMIT } from '../../../../src/limits/limit.ts'
import { ClientCursor, type ClientRows } from '../../../../src/stores/memory/table/client-cursor.ts'
import { type ClientEntry, emptyEntry } from '../../../../src/stores/memory/table/client-entry.ts'
import { KeyHash } from '../../../../src/stores/memory/table/key-hash.ts'
import { FULL } from '../../../../src/stores/memory/table/row-format.ts'
import { limitOf } from '../../../support/charges.ts'
import { entryOf, fingerprintOf, LIMITS, noClients, WINDOW, windowEntry } from './clients.ts'
import { CENTURY_MS, LARGEST_WORD, MADE_AT_MS, SOME_ENTRY } from './some-entries.ts'

/** Words of the row that the only client of a table has, and no other row is there. */
function widthOf({ table }: ClientRows): number {
  const [sizeClass, ...others] = table.rows.sizeClasses.filter(({ rows }) => rows > 0)
  assert.deepEqual([sizeClass?.rows, others.length], [1, 0])
  return sizeClass?.width ?? 0
}

/** A table with one client, and the words of its row after it was written. */
function written(entry: ClientEntry): { clients: ClientRows; cursor: ClientCursor; width: number } {
  const clients = noClients()
  const cursor = new ClientCursor(clients)
  cursor.find(fingerprintOf(1))
  cursor.write(entry)
  return { clients, cursor, width: widthOf(clients) }
}

const NARROW = 8
const WIDE = 17

describe('a client that is written', () => {
  it('is read as it was, by this cursor and by any other', () => {
    fc.assert(
      fc.property(SOME_ENTRY, (entry) => {
        const { clients, cursor } = written(entry)
        assert.deepEqual(cursor.read(), entry)
        const other = new ClientCursor(clients)
        assert.equal(other.find(fingerprintOf(1)), true)
        assert.deepEqual(other.read(), entry)
        assert.deepEqual([other.expiresAtMs, other.fullness], [entry.expiresAtMs, entry.fullness])
        assert.equal(other.hasBan, entry.ban !== undefined && entry.ban.refusals === undefined)
        const schema = clients.schemas.of(entry.limits)
        assert.equal(other.isPlain(schema), entry.ban === undefined)
        assert.equal(schema.clients, 1)
      }),
      { numRuns: 1000 },
    )
  })

  it('is read as it was written last, however it grew and shrank before', () => {
    fc.assert(
      fc.property(fc.array(SOME_ENTRY, { minLength: 2, maxLength: 6 }), (entries) => {
        const clients = noClients()
        const cursor = new ClientCursor(clients)
        const other = new ClientCursor(clients)
        cursor.find(fingerprintOf(1))
        for (const entry of entries) {
          cursor.write(entry)
          assert.deepEqual(cursor.read(), entry)
          assert.deepEqual(entryOf(other, 1), entry)
          assert.equal(clients.table.size, 1)
          assert.equal(clients.schemas.of(entry.limits).clients, 1)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('is remembered though nothing is known of it', () => {
    const { cursor, width } = written(emptyEntry())
    expect([cursor.isKnown, width]).toEqual([true, NARROW])
    expect(cursor.read()).toEqual(emptyEntry())
  })

  it('can be written with numbers drafted one by one', () => {
    const { clients, cursor } = written(windowEntry())
    const schema = clients.schemas.of(LIMITS)
    const numbers = cursor.numbers()
    const draft = cursor.draft()
    draft.instant(numbers.instant() + 1)
    draft.amount(numbers.amount() + 1)
    draft.amount(numbers.amount() + 1)
    const ban = banned(MADE_AT_MS, 500)
    cursor.save({ schema: schema, fullness: 12, ban, expiresAtMs: MADE_AT_MS + 95_000 })
    expect(cursor.read()).toEqual(
      windowEntry(
        { ban, fullness: 12, expiresAtMs: MADE_AT_MS + 95_000 },
        { startMs: WINDOW.startMs + 1, used: 4, windowId: 8 },
      ),
    )
  })

  it('has the limits of its names that were asked about last', () => {
    const { clients, cursor } = written(windowEntry())
    const others = [limitOf(99)]
    clients.schemas.of(others)
    expect(cursor.read().limits).toBe(others)
  })
})

describe('a row of one window', () => {
  const edges: [string, Partial<ClientEntry>, Partial<FixedWindowState>, number][] = [
    ['as nearly all are', {}, {}, NARROW],
    ['with as many units as a word holds', {}, { used: LARGEST_WORD }, NARROW],
    ['with one unit more', {}, { used: LARGEST_WORD + 1 }, WIDE],
    ['with the most units there can be', {}, { used: LARGEST_LIMIT }, WIDE],
    ['with the last id', {}, { windowId: LARGEST_WORD }, NARROW],
    ['that opened as it expires', { expiresAtMs: WINDOW.startMs }, {}, NARROW],
    ['that opened after it expires', { expiresAtMs: WINDOW.startMs - 1 }, {}, WIDE],
    ['that expires as late as a word holds', { expiresAtMs: WINDOW.startMs + LARGEST_WORD }, {}, NARROW],
    ['that expires a millisecond later', { expiresAtMs: WINDOW.startMs + LARGEST_WORD + 1 }, {}, WIDE],
    ['of a century', { expiresAtMs: WINDOW.startMs + CENTURY_MS }, {}, WIDE],
    ['from before the store was made', {}, { startMs: MADE_AT_MS - 3_600_000 }, NARROW],
    ...(
      [
        ['the earliest that a head holds', MADE_AT_MS - 2 ** 39, NARROW],
        ['a millisecond before', MADE_AT_MS - 2 ** 39 - 1, WIDE],
        ['the latest that a head holds', MADE_AT_MS + 2 ** 39 - 1, NARROW],
        ['a millisecond after', MADE_AT_MS + 2 ** 39, WIDE],
        ['before 1970', -5, WIDE],
      ] as const
    ).map(([what, ms, width]): [string, Partial<ClientEntry>, Partial<FixedWindowState>, number] => [
      `whose expiry is ${what}`,
      { expiresAtMs: ms },
      { startMs: ms },
      width,
    ]),
  ]

  it.each(edges)('%s has as many words as it takes', (_what, overrides, state, width) => {
    const entry = windowEntry(overrides, state)
    const { clients, cursor, width: actual } = written(entry)
    expect(actual).toBe(width)
    expect(cursor.read()).toEqual(entry)
    expect(clients.table.rows.size).toBe(1)
  })

  it('grows when it must, and stays as it is when it need not be so wide any more', () => {
    const { clients, cursor, width } = written(windowEntry())
    expect(width).toBe(NARROW)
    const huge = windowEntry({}, { used: LARGEST_LIMIT })
    cursor.write(huge)
    expect([cursor.read(), widthOf(clients)]).toEqual([huge, WIDE])
    cursor.write(windowEntry())
    expect([cursor.read(), widthOf(clients)]).toEqual([windowEntry(), WIDE])
    // It can be counted in place again, as wide rows cannot.
    expect(cursor.chargeOpenWindow(clients.schemas.of(LIMITS), limitOf(10), WINDOW.startMs, 1)).toBe(true)
  })

  it('of a store that was made at another time is narrow all the same', () => {
    for (const madeAtMs of [-CENTURY_MS, 0, 2 * MADE_AT_MS]) {
      const clients = noClients(madeAtMs)
      const cursor = new ClientCursor(clients)
      cursor.find(fingerprintOf(1))
      const entry = windowEntry({ expiresAtMs: madeAtMs + 90_000 }, { startMs: madeAtMs })
      cursor.write(entry)
      expect([cursor.read(), widthOf(clients)]).toEqual([entry, NARROW])
    }
  })
})

describe('a cursor', () => {
  it('is at nobody before it was sent to anybody, and where nobody is', () => {
    const cursor = new ClientCursor(noClients())
    expect(cursor.isKnown).toBe(false)
    expect(cursor.find(fingerprintOf(1))).toBe(false)
    expect(cursor.findKey('somebody', new KeyHash())).toBe(false)
    expect(cursor.isKnown).toBe(false)
  })

  it('keeps the fingerprint that was looked for, and makes its client', () => {
    const clients = noClients()
    const cursor = new ClientCursor(clients)
    cursor.find(fingerprintOf(3))
    expect(cursor.fingerprint).toEqual(fingerprintOf(3))
    cursor.write(windowEntry())
    expect(cursor.isKnown).toBe(true)
    expect(entryOf(new ClientCursor(clients), 3)).toEqual(windowEntry())
    expect(entryOf(new ClientCursor(clients), 4)).toBeUndefined()
  })

  it('tells a ban, which may be over, and refusals apart', () => {
    const ban = banned(0, 1)
    const refusals = { refusals: { slices: [], lastId: 0 } }
    const told = [undefined, ban, refusals].map((known) => {
      const { clients, cursor } = written(windowEntry({ ban: known }))
      return [cursor.hasBan, cursor.isPlain(clients.schemas.of(LIMITS))]
    })
    expect(told).toEqual([
      [false, true],
      [true, false],
      [false, false],
    ])
  })

  it('takes a client of other limits for more than their numbers', () => {
    const { clients, cursor } = written(windowEntry())
    expect(cursor.isPlain(clients.schemas.of([limitOf(10, { name: 'other' })]))).toBe(false)
    expect(cursor.isPlain(clients.schemas.of([limitOf(77)]))).toBe(true)
  })

  it('marks a client that is at its limit, and changes nothing else of it', () => {
    for (const entry of [
      windowEntry({ fullness: 0 }),
      windowEntry({ ban: banned(0, 9) }, { used: LARGEST_LIMIT }),
    ]) {
      const { clients, cursor } = written(entry)
      cursor.markFull()
      expect(cursor.fullness).toBe(FULL)
      expect(cursor.read()).toEqual({ ...entry, fullness: FULL })
      expect(entryOf(new ClientCursor(clients), 1)).toEqual({ ...entry, fullness: FULL })
    }
  })

  it('removes its client, and is at nobody then', () => {
    const { clients, cursor } = written(windowEntry())
    const { id } = clients.schemas.of(LIMITS)
    cursor.remove()
    expect(cursor.isKnown).toBe(false)
    expect(clients.table.size).toBe(0)
    expect(clients.schemas.at(id)).toBeUndefined()
    expect(cursor.find(fingerprintOf(1))).toBe(false)
  })

  it('gives back the schema that its client leaves', () => {
    const { clients, cursor } = written(windowEntry())
    const before = clients.schemas.of(LIMITS)
    const others = [limitOf(5, { name: 'other', algorithm: 'token-bucket' })]
    const states = [{ fullAtMs: MADE_AT_MS, fullAtParts: 2, fillId: 3 }]
    cursor.write(windowEntry({ limits: others, states }))
    expect([before.id, before.clients]).toEqual([-1, 0])
    expect(clients.schemas.of(others).clients).toBe(1)
    expect(cursor.read()).toEqual(windowEntry({ limits: others, states }))
  })

  it('changes nothing where there is no id left for a schema', () => {
    const { clients, cursor } = written(windowEntry())
    for (let count = 1; count < 65_536; count++) {
      clients.schemas.retain(clients.schemas.of([limitOf(1, { name: `limit ${count}` })]))
    }
    const entry = windowEntry({ limits: [limitOf(10, { name: 'one too many' })] })
    const problem = 'this MemoryStore has clients of 65536 different sets of limit names. '
    const remedy = 'Give each limiter of so many a store of its own.'
    expect(() => cursor.write(entry)).toThrow(problem + remedy)
    expect(cursor.read()).toEqual(windowEntry())
    cursor.find(fingerprintOf(2))
    expect(() => cursor.write(entry)).toThrow(problem + remedy)
    expect([clients.table.size, cursor.isKnown]).toEqual([1, false])
    // Of limits that are known there can be more clients.
    cursor.write(windowEntry())
    expect(cursor.read()).toEqual(windowEntry())
  })
})
