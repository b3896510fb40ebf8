import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fixedWindow } from '../../../../src/limits/fixed-window.ts'
import type { Limit } from '../../../../src/limits/limit.ts'
import { slidingWindow } from '../../../../src/limits/sliding-window.ts'
import { tokenBucket } from '../../../../src/limits/token-bucket.ts'
import { longestTtlMs, type RowSchema, RowSchemas } from '../../../../src/stores/memory/table/row-schemas.ts'
import { limitOf } from '../../../support/charges.ts'
import { thrownBy } from '../../../support/thrown-by.ts'

const WINDOW = limitOf(10, { name: 'window' })
const SLIDING = limitOf(10, { name: 'sliding', algorithm: 'sliding-window' })
const BUCKET = limitOf(10, { name: 'bucket', algorithm: 'token-bucket' })

const MOST = 65_536

/** The schema of limits, after one more client has got it. */
function retained(schemas: RowSchemas, limits: readonly Limit[]): RowSchema {
  const schema = schemas.use(limits)
  schemas.retain(schema)
  return schema
}

/** As many schemas with a client as there can be. */
function fullSchemas(): RowSchemas {
  const schemas = new RowSchemas()
  for (let count = 0; count < MOST; count++) retained(schemas, [limitOf(1, { name: `limit ${count}` })])
  return schemas
}

describe('the schema of limits', () => {
  it('has the algorithms of the limits, in the same order, and no id before it has a client', () => {
    const limits = [BUCKET, WINDOW, SLIDING]
    const schema = new RowSchemas().use(limits)
    expect(schema.algorithms).toEqual([tokenBucket, fixedWindow, slidingWindow])
    expect(schema.limits).toBe(limits)
    expect([schema.id, schema.clients]).toEqual([-1, 0])
  })

  it.each<[string, readonly Limit[], boolean]>([
    ['one fixed window', [WINDOW], true],
    ['two of them', [WINDOW, limitOf(10, { name: 'other' })], false],
    ['one sliding window', [SLIDING], false],
    ['one token bucket', [BUCKET], false],
    ['no limit', [], false],
  ])('shows whether it is one fixed window: of %s', (_what, limits, isOneWindow) => {
    expect(new RowSchemas().use(limits).isOneWindow).toBe(isOneWindow)
  })

  it('is the same for the same limits, also after a lookup of others', () => {
    const schemas = new RowSchemas()
    const [one, other] = [[WINDOW], [BUCKET]]
    const schema = retained(schemas, one)
    expect(schemas.use(one)).toBe(schema)
    expect(schemas.use(other)).not.toBe(schema)
    expect(schemas.use(one)).toBe(schema)
  })

  it('is the same for another list of the same limits, and has the list of the latest lookup', () => {
    const schemas = new RowSchemas()
    const [one, other] = [[WINDOW], [{ ...WINDOW }]]
    const schema = retained(schemas, one)
    expect(schemas.use(other)).toBe(schema)
    expect(schemas.at(schema.id)?.limits).toBe(other)
    expect(schemas.use(one)).toBe(schema)
    expect(schemas.at(schema.id)?.limits).toBe(one)
  })

  it('is another one for limits that are remembered longer', () => {
    const schemas = new RowSchemas()
    const schema = retained(schemas, [WINDOW, BUCKET])
    expect(schemas.use([{ ...WINDOW, ttlMs: WINDOW.ttlMs + 1 }, BUCKET])).not.toBe(schema)
    // Only the longest time counts.
    expect(schemas.use([{ ...WINDOW, ttlMs: WINDOW.ttlMs - 1 }, BUCKET])).toBe(schema)
  })

  it('is the one that clients have, even for limits that were looked up before there were clients', () => {
    const schemas = new RowSchemas()
    const [early, late] = [[limitOf(1)], [limitOf(1)]]
    const before = schemas.use(early)
    const schema = retained(schemas, late)
    expect(schema).not.toBe(before)
    expect(schemas.use(early)).toBe(schema)
    // The earlier schema can still get a client, and then stays when the other one is gone.
    schemas.retain(before)
    schemas.release(schema.id)
    expect([schema.clients, before.clients]).toEqual([0, 1])
    expect(schemas.use([limitOf(1)])).toBe(before)
  })

  it.each<[string, readonly Limit[]]>([
    ['another name', [limitOf(10, { name: 'another' }), SLIDING]],
    ['another algorithm', [{ ...WINDOW, algorithm: 'token-bucket' }, SLIDING]],
    ['another window', [{ ...WINDOW, windowMs: 61_000 }, SLIDING]],
    ['another order', [SLIDING, WINDOW]],
    ['another amount', [{ ...WINDOW, limit: 11 }, SLIDING]],
    ['another burst', [{ ...WINDOW, burst: 11 }, SLIDING]],
    ['one limit less', [WINDOW]],
    ['one limit more', [WINDOW, SLIDING, BUCKET]],
    // The text of a schema escapes names; it does not just join them.
    ['a name that looks like both', [limitOf(10, { name: 'window","fixed-window"],["sliding' })]],
  ])('is another one for %s', (_what, limits) => {
    const schemas = new RowSchemas()
    const schema = retained(schemas, [WINDOW, SLIDING])
    const other = retained(schemas, limits)
    expect(other).not.toBe(schema)
    expect(other.id).not.toBe(schema.id)
    expect(other.text).not.toBe(schema.text)
  })
})

describe('ids', () => {
  it('are given to a schema with its first client, counted from 0', () => {
    const schemas = new RowSchemas()
    expect(schemas.at(0)).toBeUndefined()
    const ids = [[WINDOW], [SLIDING], [BUCKET]].map((limits) => retained(schemas, limits).id)
    expect(ids).toEqual([0, 1, 2])
    expect(schemas.at(1)?.algorithms).toEqual([slidingWindow])
    expect(schemas.at(3)).toBeUndefined()
  })

  it('stay while the schema has a client, and become free after the last one', () => {
    const schemas = new RowSchemas()
    const schema = retained(schemas, [WINDOW])
    schemas.retain(schema)
    schemas.release(schema.id)
    expect(schemas.at(0)).toBe(schema)
    expect([schema.id, schema.clients]).toEqual([0, 1])
    schemas.release(schema.id)
    expect(schemas.at(0)).toBeUndefined()
    expect([schema.id, schema.clients]).toEqual([-1, 0])
  })

  it('are given again when they are free, also to the same limits', () => {
    const schemas = new RowSchemas()
    const limits = [WINDOW]
    retained(schemas, limits)
    retained(schemas, [SLIDING])
    schemas.release(0)
    expect(retained(schemas, [BUCKET]).id).toBe(0)
    expect(retained(schemas, limits).id).toBe(2)
    expect(schemas.at(2)?.limits).toBe(limits)
  })

  it('that no schema has are released without effect', () => {
    const schemas = new RowSchemas()
    const schema = retained(schemas, [WINDOW])
    for (const id of [-1, 1, 70_000]) schemas.release(id)
    expect(schemas.at(schema.id)).toBe(schema)
    expect(retained(schemas, [SLIDING]).id).toBe(1)
  })

  it('start from 0 again when all clients are forgotten', () => {
    const schemas = new RowSchemas()
    const limits = [WINDOW]
    retained(schemas, [SLIDING])
    const schema = retained(schemas, limits)
    schemas.release(0)
    schemas.clear()
    expect([schema.id, schema.clients]).toEqual([-1, 0])
    expect([schemas.at(0), schemas.at(1)]).toEqual([undefined, undefined])
    expect(retained(schemas, [BUCKET]).id).toBe(0)
    expect(retained(schemas, limits).id).toBe(1)
    expect(schemas.at(1)?.limits).toBe(limits)
  })
})

describe('schemas when all ids are in use', () => {
  const schemas = fullSchemas()

  it('refuse another schema, and keep those that have an id', () => {
    const attempt = (): RowSchema => retained(schemas, [WINDOW])
    expect(thrownBy(attempt)).toMatchObject({
      code: 'store_failed',
      message:
        'this MemoryStore has clients of 65536 different sets of limits, and cannot hold more. ' +
        'Give some of the limiters a store of their own.',
    })
    expect([schemas.use([WINDOW]).id, schemas.use([WINDOW]).clients]).toEqual([-1, 0])
    expect(schemas.at(MOST - 1)?.limits[0]?.name).toBe('limit 65535')
    // Schemas with an id can get more clients.
    expect(retained(schemas, [limitOf(1, { name: 'limit 7' })]).id).toBe(7)
  })

  it('have amounts in their first half only, so that a limit function cannot use up the ids', () => {
    expect(retained(schemas, [limitOf(2, { name: 'limit 40000' })]).id).toBe(40_000)
    expect(schemas.use([limitOf(1, { name: 'limit 32767' })]).id).toBe(32_767)
    expect(schemas.use([limitOf(2, { name: 'limit 32767' })]).id).toBe(-1)
  })

  it('take another schema when one has lost its last client', () => {
    while (schemas.at(50_000) !== undefined) schemas.release(50_000)
    const other = retained(schemas, [WINDOW])
    expect([other.id, schemas.at(50_000)]).toEqual([50_000, other])
    expect(() => retained(schemas, [SLIDING])).toThrow('65536 different sets')
  })
})

/** What can happen to schemas. Each number chooses one of the things that exist, modulo their count. */
type Step =
  | { readonly kind: 'find' | 'add'; readonly limits: number }
  | { readonly kind: 'addLate' | 'remove'; readonly which: number }
  | { readonly kind: 'clear' }

/** Limits of five schemas, several arrays of some. */
const SEVERAL: readonly (readonly Limit[])[] = [
  [WINDOW],
  [{ ...WINDOW, limit: 20 }],
  [WINDOW],
  [SLIDING, BUCKET],
  [SLIDING, { ...BUCKET, burst: 3 }],
  [],
  [],
]

/** The schemas, beside a plain list of the clients that have them. */
class CheckedSchemas {
  readonly #schemas = new RowSchemas()
  readonly #found: RowSchema[] = []
  readonly #clients: RowSchema[] = []
  /** The most ids that can have been in use since all clients were forgotten. */
  #most = 0

  take(step: Step): void {
    switch (step.kind) {
      case 'find':
        this.#find(step.limits)
        break
      case 'add':
        this.#add(this.#find(step.limits))
        break
      // A schema that was found before others were.
      case 'addLate':
        this.#add(this.#found[step.which % this.#found.length])
        break
      case 'remove': {
        const [removed] = this.#clients.splice(step.which % (this.#clients.length || 1), 1)
        if (removed !== undefined) this.#schemas.release(removed.id)
        break
      }
      case 'clear':
        this.#schemas.clear()
        this.#clients.length = 0
        this.#most = 0
    }
  }

  check(): void {
    for (const schema of new Set(this.#found)) {
      const clients = this.#clients.filter((other) => other === schema).length
      assert.equal(schema.clients, clients)
      if (clients === 0) assert.equal(schema.id, -1)
      else assert.equal(this.#schemas.at(schema.id), schema)
      // It is one of the first ids that were free.
      assert.ok(schema.id < this.#most)
    }
  }

  #find(which: number): RowSchema {
    const limits = SEVERAL[which % SEVERAL.length] ?? []
    const schema = this.#schemas.use(limits)
    assert.equal(schema.limits, limits)
    const named = limits.map(({ name, algorithm, windowMs }) => [name, algorithm, windowMs])
    assert.equal(schema.textOfCounters, JSON.stringify([longestTtlMs(limits), named]))
    const amounts = limits.map(({ limit, burst }) => `${limit}/${burst}`)
    assert.equal(schema.text, `${schema.textOfCounters} ${amounts.join()}`)
    this.#found.push(schema)
    return schema
  }

  #add(schema: RowSchema | undefined): void {
    if (schema === undefined) return
    this.#schemas.retain(schema)
    this.#clients.push(schema)
    this.#most = Math.max(this.#most, new Set(this.#clients).size)
  }
}

describe('schemas while clients are added and removed', () => {
  it('have an id of their own as long as they have a client', () => {
    const limits = fc.nat(SEVERAL.length - 1)
    const step: fc.Arbitrary<Step> = fc.oneof(
      fc.record({ kind: fc.constant('find' as const), limits }),
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('add' as const), limits }) },
      fc.record({ kind: fc.constant('addLate' as const), which: fc.nat(30) }),
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('remove' as const), which: fc.nat(30) }) },
      fc.record({ kind: fc.constant('clear' as const) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const checked = new CheckedSchemas()
        for (const next of steps) {
          checked.take(next)
          checked.check()
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('the longest time for which limits are remembered', () => {
  it('is that of the longest limit, and 0 where there is no limit', () => {
    const ttls = [70_000, 100_000, 80_000].map((ttlMs) => limitOf(5, { ttlMs }))
    expect(longestTtlMs(ttls)).toBe(100_000)
    expect(longestTtlMs([])).toBe(0)
  })
})
