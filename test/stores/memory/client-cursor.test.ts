import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { banned } from '../../../src/limits/ban.ts'
import type { FixedWindowState } from '../../../src/limits/fixed-window.ts'
import { LARGEST_LIMIT } from '../../../src/limits/limit.ts'
import { ClientCursor, type ClientRows } from '../../../src/stores/memory/client-cursor.ts'
import { type ClientEntry, emptyEntry } from '../../../src/stores/memory/client-entry.ts'
import { KeyHash } from '../../../src/stores/memory/table/key-hash.ts'
import { limitOf } from '../../support/charges.ts'
import { entryOf, fingerprintOf, LIMITS, newClientRows, WINDOW, windowEntry } from './client-rows.ts'
import { CENTURY_MS, CREATED_AT_MS, LARGEST_WORD, SOME_ENTRY } from './some-entries.ts'

/** The width of the only row of a table. */
function widthOf({ table }: ClientRows): number {
  const [sizeClass, ...others] = table.rows.sizeClasses.filter(({ rows }) => rows > 0)
  assert.deepEqual([sizeClass?.rows, others.length], [1, 0])
  return sizeClass?.width ?? 0
}

/** A table with one client, and the width of its row. */
function written(entry: ClientEntry): { clients: ClientRows; cursor: ClientCursor; width: number } {
  const clients = newClientRows()
  const cursor = new ClientCursor(clients)
  cursor.find(fingerprintOf(1))
  cursor.write(entry)
  return { clients, cursor, width: widthOf(clients) }
}

const NARROW = 8
const WIDE = 17

describe('a client that is written', () => {
  it('is read unchanged, by this cursor and by another one', () => {
    fc.assert(
      fc.property(SOME_ENTRY, (entry) => {
        const { clients, cursor } = written(entry)
        assert.deepEqual(cursor.read(), entry)
        const other = new ClientCursor(clients)
        assert.equal(other.find(fingerprintOf(1)), true)
        assert.deepEqual(other.read(), entry)
        assert.deepEqual([other.expiresAtMs, other.refusedCost], [entry.expiresAtMs, entry.refusedCost])
        assert.equal(other.hasBan, entry.ban !== undefined && entry.ban.refusals === undefined)
        const schema = clients.schemas.use(entry.limits)
        assert.equal(other.holdsOnly(schema), entry.ban === undefined)
        assert.equal(schema.clients, 1)
      }),
      { numRuns: 1000 },
    )
  })

  it('is read as it was written last, also after its row grew and shrank', () => {
    fc.assert(
      fc.property(fc.array(SOME_ENTRY, { minLength: 2, maxLength: 6 }), (entries) => {
        const clients = newClientRows()
        const cursor = new ClientCursor(clients)
        const other = new ClientCursor(clients)
        cursor.find(fingerprintOf(1))
        for (const entry of entries) {
          cursor.write(entry)
          assert.deepEqual(cursor.read(), entry)
          assert.deepEqual(entryOf(other, 1), entry)
          assert.equal(clients.table.size, 1)
          assert.equal(clients.schemas.use(entry.limits).clients, 1)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('is known, even with an empty entry', () => {
    const { cursor, width } = written(emptyEntry())
    expect([cursor.isKnown, width]).toEqual([true, NARROW])
    expect(cursor.read()).toEqual(emptyEntry())
  })

  it('can be written with numbers drafted one by one', () => {
    const { clients, cursor } = written(windowEntry())
    const schema = clients.schemas.use(LIMITS)
    const numbers = cursor.numbers()
    const draft = cursor.newDraft()
    draft.instant(numbers.instant() + 1)
    draft.amount(numbers.amount() + 1)
    draft.amount(numbers.amount() + 1)
    const ban = banned(CREATED_AT_MS, 500)
    cursor.save({ schema, refusedCost: 12, ban, expiresAtMs: CREATED_AT_MS + 95_000 })
    expect(cursor.read()).toEqual(
      windowEntry(
        { ban, refusedCost: 12, expiresAtMs: CREATED_AT_MS + 95_000 },
        { startMs: WINDOW.startMs + 1, used: 4, windowId: 8 },
      ),
    )
  })

  it('has the limits of the latest lookup of its schema', () => {
    const { clients, cursor } = written(windowEntry())
    const others = LIMITS.map((limit) => ({ ...limit }))
    clients.schemas.use(others)
    expect(cursor.read().limits).toBe(others)
  })
})

describe('a row of one window', () => {
  const edges: [string, Partial<ClientEntry>, Partial<FixedWindowState>, number][] = [
    ['of a usual client', {}, {}, NARROW],
    ['with as many units as a word can hold', {}, { used: LARGEST_WORD }, NARROW],
    ['with one unit more', {}, { used: LARGEST_WORD + 1 }, WIDE],
    ['with the largest number of units', {}, { used: LARGEST_LIMIT }, WIDE],
    ['with the largest id', {}, { windowId: LARGEST_WORD }, NARROW],
    ['with a window that starts at the expiry', { expiresAtMs: WINDOW.startMs }, {}, NARROW],
    ['with a window that starts after the expiry', { expiresAtMs: WINDOW.startMs - 1 }, {}, WIDE],
    ['that expires as late as a word can hold', { expiresAtMs: WINDOW.startMs + LARGEST_WORD }, {}, NARROW],
    ['that expires a millisecond later', { expiresAtMs: WINDOW.startMs + LARGEST_WORD + 1 }, {}, WIDE],
    ['of a century', { expiresAtMs: WINDOW.startMs + CENTURY_MS }, {}, WIDE],
    ['with a window from before the store was created', {}, { startMs: CREATED_AT_MS - 3_600_000 }, NARROW],
    ...(
      [
        ['the earliest that a head can hold', CREATED_AT_MS - 2 ** 39, NARROW],
        ['a millisecond before', CREATED_AT_MS - 2 ** 39 - 1, WIDE],
        ['the latest that a head can hold', CREATED_AT_MS + 2 ** 39 - 1, NARROW],
        ['a millisecond after', CREATED_AT_MS + 2 ** 39, WIDE],
        ['before 1970', -5, WIDE],
      ] as const
    ).map(([what, ms, width]): [string, Partial<ClientEntry>, Partial<FixedWindowState>, number] => [
      `whose expiry is ${what}`,
      { expiresAtMs: ms },
      { startMs: ms },
      width,
    ]),
  ]

  it.each(edges)('%s has the width that it needs', (_what, overrides, state, width) => {
    const entry = windowEntry(overrides, state)
    const { clients, cursor, width: actual } = written(entry)
    expect(actual).toBe(width)
    expect(cursor.read()).toEqual(entry)
    expect(clients.table.rows.size).toBe(1)
  })

  it('becomes wide when it must, and keeps its width when it need not be wide any more', () => {
    const { clients, cursor, width } = written(windowEntry())
    expect(width).toBe(NARROW)
    const huge = windowEntry({}, { used: LARGEST_LIMIT })
    cursor.write(huge)
    expect([cursor.read(), widthOf(clients)]).toEqual([huge, WIDE])
    cursor.write(windowEntry())
    expect([cursor.read(), widthOf(clients)]).toEqual([windowEntry(), WIDE])
    // Its numbers are narrow again.
    expect(cursor.isNarrowRowOf(clients.schemas.use(LIMITS))).toBe(true)
  })

  it('is narrow in a store that was created at any time', () => {
    for (const createdAtMs of [-CENTURY_MS, 0, 2 * CREATED_AT_MS]) {
      const clients = newClientRows(createdAtMs)
      const cursor = new ClientCursor(clients)
      cursor.find(fingerprintOf(1))
      const entry = windowEntry({ expiresAtMs: createdAtMs + 90_000 }, { startMs: createdAtMs })
      cursor.write(entry)
      expect([cursor.read(), widthOf(clients)]).toEqual([entry, NARROW])
    }
  })
})

describe('a cursor', () => {
  it('points at no client at first, and after the search for an unknown one', () => {
    const cursor = new ClientCursor(newClientRows())
    expect(cursor.isKnown).toBe(false)
    expect(cursor.find(fingerprintOf(1))).toBe(false)
    expect(cursor.findKey('unknown', new KeyHash())).toBe(false)
    expect(cursor.isKnown).toBe(false)
  })

  it('keeps the fingerprint of the latest search, and adds its client', () => {
    const clients = newClientRows()
    const cursor = new ClientCursor(clients)
    cursor.find(fingerprintOf(3))
    expect(cursor.fingerprint).toEqual(fingerprintOf(3))
    cursor.write(windowEntry())
    expect(cursor.isKnown).toBe(true)
    expect(entryOf(new ClientCursor(clients), 3)).toEqual(windowEntry())
    expect(entryOf(new ClientCursor(clients), 4)).toBeUndefined()
  })

  it('distinguishes a ban, which may be over, from refusals', () => {
    const ban = banned(0, 1)
    const refusals = { refusals: { slices: [], lastId: 0 } }
    const shown = [undefined, ban, refusals].map((known) => {
      const { clients, cursor } = written(windowEntry({ ban: known }))
      return [cursor.hasBan, cursor.holdsOnly(clients.schemas.use(LIMITS))]
    })
    expect(shown).toEqual([
      [false, true],
      [true, false],
      [false, false],
    ])
  })

  it('shows whether its client has the numbers of a schema only', () => {
    const { clients, cursor } = written(windowEntry())
    expect(cursor.holdsOnly(clients.schemas.use([limitOf(10, { name: 'other' })]))).toBe(false)
    expect(cursor.holdsOnly(clients.schemas.use([limitOf(77)]))).toBe(false)
    expect(cursor.holdsOnly(clients.schemas.use([...LIMITS]))).toBe(true)
  })

  it('changes the refused cost of its client, and nothing else', () => {
    for (const entry of [
      windowEntry({ refusedCost: 0 }),
      windowEntry({ ban: banned(0, 9) }, { used: LARGEST_LIMIT }),
    ]) {
      const { clients, cursor } = written(entry)
      cursor.setRefusedCost(7)
      expect(cursor.refusedCost).toBe(7)
      expect(cursor.read()).toEqual({ ...entry, refusedCost: 7 })
      expect(entryOf(new ClientCursor(clients), 1)).toEqual({ ...entry, refusedCost: 7 })
    }
  })

  it('reads and writes the numbers of a narrow row', () => {
    const { clients, cursor } = written(windowEntry({ expiresAtMs: WINDOW.startMs + 90_000 }))
    expect([0, 1, 2].map((index) => cursor.numberAt(index))).toEqual([90_000, WINDOW.used, WINDOW.windowId])
    cursor.setNumberAt(1, LARGEST_WORD)
    expect(cursor.numberAt(1)).toBe(LARGEST_WORD)
    cursor.setExpiry(WINDOW.startMs + 95_000)
    cursor.setNumberAt(0, 95_000)
    const changed = windowEntry({ expiresAtMs: WINDOW.startMs + 95_000 }, { used: LARGEST_WORD })
    expect(entryOf(new ClientCursor(clients), 1)).toEqual(changed)
  })

  it.each<[string, Partial<ClientEntry>, Partial<FixedWindowState>, boolean]>([
    ['it has nothing else', {}, {}, true],
    ['it has a ban', { ban: banned(0, 9) }, {}, false],
    ['it has refusals', { ban: { refusals: { slices: [], lastId: 0 } } }, {}, false],
    ['its row is wide', {}, { used: LARGEST_LIMIT }, false],
    ['its latest charge was refused', { refusedCost: 3 }, {}, true],
  ])(
    'shows whether its client has a narrow row of a schema: where %s',
    (_when, overrides, state, isNarrow) => {
      const { clients, cursor } = written(windowEntry(overrides, state))
      expect(cursor.isNarrowRowOf(clients.schemas.use(LIMITS))).toBe(isNarrow)
      expect(cursor.isNarrowRowOf(clients.schemas.use([limitOf(10, { name: 'other' })]))).toBe(false)
    },
  )

  it.each<[string, number, number, boolean]>([
    ['a usual window', CREATED_AT_MS, CREATED_AT_MS + 90_000, true],
    ['the longest time that a word can hold', CREATED_AT_MS, CREATED_AT_MS + LARGEST_WORD, true],
    ['a longer time', CREATED_AT_MS, CREATED_AT_MS + LARGEST_WORD + 1, false],
    [
      'the latest expiry that a head can hold',
      CREATED_AT_MS + 2 ** 39 - 9,
      CREATED_AT_MS + 2 ** 39 - 1,
      true,
    ],
    ['a later expiry', CREATED_AT_MS + 2 ** 39 - 9, CREATED_AT_MS + 2 ** 39, false],
  ])('knows whether a narrow row can hold %s', (_what, instantMs, expiresAtMs, fits) => {
    expect(written(windowEntry()).cursor.fitsNarrow(instantMs, expiresAtMs)).toBe(fits)
  })

  it('removes its client, and points at no client then', () => {
    const { clients, cursor } = written(windowEntry())
    const { id } = clients.schemas.use(LIMITS)
    cursor.remove()
    expect(cursor.isKnown).toBe(false)
    expect(clients.table.size).toBe(0)
    expect(clients.schemas.at(id)).toBeUndefined()
    expect(cursor.find(fingerprintOf(1))).toBe(false)
  })

  it('releases the schema that its client had before', () => {
    const { clients, cursor } = written(windowEntry())
    const before = clients.schemas.use(LIMITS)
    const others = [limitOf(5, { name: 'other', algorithm: 'token-bucket' })]
    const states = [{ fullAtMs: CREATED_AT_MS, fullAtParts: 2, fillId: 3 }]
    cursor.write(windowEntry({ limits: others, states }))
    expect([before.id, before.clients]).toEqual([-1, 0])
    expect(clients.schemas.use(others).clients).toBe(1)
    expect(cursor.read()).toEqual(windowEntry({ limits: others, states }))
  })

  it('changes nothing when no id is left for a schema', () => {
    const { clients, cursor } = written(windowEntry())
    for (let count = 1; count < 65_536; count++) {
      clients.schemas.retain(clients.schemas.use([limitOf(1, { name: `limit ${count}` })]))
    }
    const entry = windowEntry({ limits: [limitOf(10, { name: 'one too many' })] })
    const problem = 'this MemoryStore has clients of 65536 different sets of limits, and cannot hold more. '
    const remedy = 'Give some of the limiters a store of their own.'
    expect(() => cursor.write(entry)).toThrow(problem + remedy)
    expect(cursor.read()).toEqual(windowEntry())
    cursor.find(fingerprintOf(2))
    expect(() => cursor.write(entry)).toThrow(problem + remedy)
    expect([clients.table.size, cursor.isKnown]).toEqual([1, false])
    // Known limits can have more clients.
    cursor.write(windowEntry())
    expect(cursor.read()).toEqual(windowEntry())
  })
})
