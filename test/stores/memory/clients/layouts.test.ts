import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RateLimiterError } from '../../../../src/errors/rate-limiter-error.ts'
import { fixedWindow } from '../../../../src/limits/fixed-window.ts'
import type { Limit } from '../../../../src/limits/limit.ts'
import { slidingWindow } from '../../../../src/limits/sliding-window.ts'
import { tokenBucket } from '../../../../src/limits/token-bucket.ts'
import { type Layout, Layouts, longestTtlMs } from '../../../../src/stores/memory/clients/layouts.ts'
import { limitOf } from '../../charges.ts'

const WINDOW = limitOf(10, { name: 'window' })
const SLIDING = limitOf(10, { name: 'sliding', algorithm: 'sliding-window' })
const BUCKET = limitOf(10, { name: 'bucket', algorithm: 'token-bucket' })

const MOST = 65_536

/** The layout of limits, as that of one client more. */
function retained(layouts: Layouts, limits: readonly Limit[]): Layout {
  const layout = layouts.of(limits)
  layouts.retain(layout)
  return layout
}

/** Layouts of which as many as there can be have a client each. */
function fullLayouts(): Layouts {
  const layouts = new Layouts()
  for (let count = 0; count < MOST; count++) retained(layouts, [limitOf(1, { name: `limit ${count}` })])
  return layouts
}

describe('the layout of limits', () => {
  it('has the algorithms that count them, in their order, and no id before it has a client', () => {
    const limits = [BUCKET, WINDOW, SLIDING]
    const layout = new Layouts().of(limits)
    expect(layout.algorithms).toEqual([tokenBucket, fixedWindow, slidingWindow])
    expect(layout.limits).toBe(limits)
    expect([layout.id, layout.clients]).toEqual([-1, 0])
  })

  it.each<[string, readonly Limit[], boolean]>([
    ['one fixed window', [WINDOW], true],
    ['two of them', [WINDOW, limitOf(10, { name: 'other' })], false],
    ['one sliding window', [SLIDING], false],
    ['one token bucket', [BUCKET], false],
    ['nothing', [], false],
  ])('knows whether it is one fixed window: of %s', (_what, limits, isOneWindow) => {
    expect(new Layouts().of(limits).isOneWindow).toBe(isOneWindow)
  })

  it('is the same for the same limits, whichever were asked about in between', () => {
    const layouts = new Layouts()
    const [one, other] = [[WINDOW], [BUCKET]]
    const layout = retained(layouts, one)
    expect(layouts.of(one)).toBe(layout)
    expect(layouts.of(other)).not.toBe(layout)
    expect(layouts.of(one)).toBe(layout)
  })

  it('is the same for limits of the same names and other numbers, and has those asked about last', () => {
    const layouts = new Layouts()
    const [low, high] = [[limitOf(1)], [limitOf(1000, { windowMs: 5, ttlMs: 90_000 })]]
    const layout = retained(layouts, low)
    expect(layouts.of(high)).toBe(layout)
    expect(layouts.at(layout.id)?.limits).toBe(high)
    expect(layouts.of(low)).toBe(layout)
    expect(layouts.at(layout.id)?.limits).toBe(low)
    expect(layouts.of([...low])).toBe(layout)
  })

  it('is another one for limits that are remembered for another time', () => {
    const layouts = new Layouts()
    const layout = retained(layouts, [WINDOW, BUCKET])
    expect(layouts.of([{ ...WINDOW, ttlMs: WINDOW.ttlMs + 1 }, BUCKET])).not.toBe(layout)
    // It is the longest of them that counts.
    expect(layouts.of([{ ...WINDOW, ttlMs: WINDOW.ttlMs - 1 }, BUCKET])).toBe(layout)
  })

  it('is that of the clients that there are, whichever limits were asked about before there were any', () => {
    const layouts = new Layouts()
    const [early, late] = [[limitOf(1)], [limitOf(2)]]
    const before = layouts.of(early)
    const layout = retained(layouts, late)
    expect(layout).not.toBe(before)
    expect(layouts.of(early)).toBe(layout)
    // The one of before may come by a client all the same, and stays when the other goes.
    layouts.retain(before)
    layouts.release(layout.id)
    expect([layout.clients, before.clients]).toEqual([0, 1])
    expect(layouts.of([limitOf(3)])).toBe(before)
  })

  it.each<[string, readonly Limit[]]>([
    ['another name', [limitOf(10, { name: 'another' }), SLIDING]],
    ['another algorithm', [{ ...WINDOW, algorithm: 'token-bucket' }, SLIDING]],
    ['another order', [SLIDING, WINDOW]],
    ['one limit less', [WINDOW]],
    ['one limit more', [WINDOW, SLIDING, BUCKET]],
    // Whatever is in names: they are not just put one after another.
    ['a name that looks like both', [limitOf(10, { name: 'window","fixed-window"],["sliding' })]],
  ])('is another one for %s', (_what, limits) => {
    const layouts = new Layouts()
    const layout = retained(layouts, [WINDOW, SLIDING])
    const other = retained(layouts, limits)
    expect(other).not.toBe(layout)
    expect(other.id).not.toBe(layout.id)
    expect(other.text).not.toBe(layout.text)
  })
})

describe('ids', () => {
  it('are given with the first client, and counted from 0', () => {
    const layouts = new Layouts()
    expect(layouts.at(0)).toBeUndefined()
    const ids = [[WINDOW], [SLIDING], [BUCKET]].map((limits) => retained(layouts, limits).id)
    expect(ids).toEqual([0, 1, 2])
    expect(layouts.at(1)?.algorithms).toEqual([slidingWindow])
    expect(layouts.at(3)).toBeUndefined()
  })

  it('stay while there is a client, and go with the last one', () => {
    const layouts = new Layouts()
    const layout = retained(layouts, [WINDOW])
    layouts.retain(layout)
    layouts.release(layout.id)
    expect(layouts.at(0)).toBe(layout)
    expect([layout.id, layout.clients]).toEqual([0, 1])
    layouts.release(layout.id)
    expect(layouts.at(0)).toBeUndefined()
    expect([layout.id, layout.clients]).toEqual([-1, 0])
  })

  it('are given again once they are free, also to the same limits', () => {
    const layouts = new Layouts()
    const limits = [WINDOW]
    retained(layouts, limits)
    retained(layouts, [SLIDING])
    layouts.release(0)
    expect(retained(layouts, [BUCKET]).id).toBe(0)
    expect(retained(layouts, limits).id).toBe(2)
    expect(layouts.at(2)?.limits).toBe(limits)
  })

  it('that nobody has are released without effect', () => {
    const layouts = new Layouts()
    const layout = retained(layouts, [WINDOW])
    for (const id of [-1, 1, 70_000]) layouts.release(id)
    expect(layouts.at(layout.id)).toBe(layout)
    expect(retained(layouts, [SLIDING]).id).toBe(1)
  })

  it('begin anew when all clients are forgotten', () => {
    const layouts = new Layouts()
    const limits = [WINDOW]
    retained(layouts, [SLIDING])
    const layout = retained(layouts, limits)
    layouts.release(0)
    layouts.clear()
    expect([layout.id, layout.clients]).toEqual([-1, 0])
    expect([layouts.at(0), layouts.at(1)]).toEqual([undefined, undefined])
    expect(retained(layouts, [BUCKET]).id).toBe(0)
    expect(retained(layouts, limits).id).toBe(1)
    expect(layouts.at(1)?.limits).toBe(limits)
  })
})

describe('layouts that have as many clients of different limits as there are ids', () => {
  const layouts = fullLayouts()

  it('refuse another one, and keep those that they have', () => {
    const attempt = (): Layout => retained(layouts, [WINDOW])
    expect(attempt).toThrow(RateLimiterError)
    expect(attempt).toThrow(
      expect.objectContaining({
        code: 'store_failed',
        message:
          'this MemoryStore has clients of 65536 different sets of limit names. ' +
          'Give each limiter of so many a store of its own.',
      }),
    )
    expect([layouts.of([WINDOW]).id, layouts.of([WINDOW]).clients]).toEqual([-1, 0])
    expect(layouts.at(MOST - 1)?.limits[0]?.name).toBe('limit 65535')
    // Those that have an id can have more clients.
    expect(retained(layouts, [limitOf(2, { name: 'limit 7' })]).id).toBe(7)
  })

  it('take another one in the place of one that goes', () => {
    layouts.release(40_000)
    const other = retained(layouts, [WINDOW])
    expect([other.id, layouts.at(40_000)]).toEqual([40_000, other])
    expect(() => retained(layouts, [SLIDING])).toThrow('65536 different sets')
  })
})

/** What can be done to layouts; numbers are turned into one of those that there are. */
type Step =
  | { readonly kind: 'ask' | 'come'; readonly limits: number }
  | { readonly kind: 'comeLate' | 'go'; readonly which: number }
  | { readonly kind: 'clear' }

/** Limits of three layouts, several arrays of each. */
const SEVERAL: readonly (readonly Limit[])[] = [
  [WINDOW],
  [{ ...WINDOW, limit: 20 }],
  [WINDOW],
  [SLIDING, BUCKET],
  [SLIDING, { ...BUCKET, burst: 3 }],
  [],
  [],
]

/** Layouts beside a plain list of the clients that have come. */
class Census {
  readonly #layouts = new Layouts()
  readonly #asked: Layout[] = []
  readonly #clients: Layout[] = []
  /** The most ids there can have been since everybody was forgotten. */
  #most = 0

  take(step: Step): void {
    switch (step.kind) {
      case 'ask':
        this.#ask(step.limits)
        break
      case 'come':
        this.#come(this.#ask(step.limits))
        break
      // One that was asked about before others were.
      case 'comeLate':
        this.#come(this.#asked[step.which % this.#asked.length])
        break
      case 'go': {
        const [gone] = this.#clients.splice(step.which % (this.#clients.length || 1), 1)
        if (gone !== undefined) this.#layouts.release(gone.id)
        break
      }
      case 'clear':
        this.#layouts.clear()
        this.#clients.length = 0
        this.#most = 0
    }
  }

  check(): void {
    for (const layout of new Set(this.#asked)) {
      const clients = this.#clients.filter((other) => other === layout).length
      assert.equal(layout.clients, clients)
      if (clients === 0) assert.equal(layout.id, -1)
      else assert.equal(this.#layouts.at(layout.id), layout)
      // One of the first that were free.
      assert.ok(layout.id < this.#most)
    }
  }

  #ask(which: number): Layout {
    const limits = SEVERAL[which % SEVERAL.length] ?? []
    const layout = this.#layouts.of(limits)
    assert.equal(layout.limits, limits)
    const named = limits.map(({ name, algorithm }) => [name, algorithm])
    assert.equal(layout.text, JSON.stringify([longestTtlMs(limits), named]))
    this.#asked.push(layout)
    return layout
  }

  #come(layout: Layout | undefined): void {
    if (layout === undefined) return
    this.#layouts.retain(layout)
    this.#clients.push(layout)
    this.#most = Math.max(this.#most, new Set(this.#clients).size)
  }
}

describe('layouts of clients that come and go', () => {
  it('have an id of their own as long as they have a client, whatever happens', () => {
    const limits = fc.nat(SEVERAL.length - 1)
    const step: fc.Arbitrary<Step> = fc.oneof(
      fc.record({ kind: fc.constant('ask' as const), limits }),
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('come' as const), limits }) },
      fc.record({ kind: fc.constant('comeLate' as const), which: fc.nat(30) }),
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('go' as const), which: fc.nat(30) }) },
      fc.record({ kind: fc.constant('clear' as const) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const census = new Census()
        for (const next of steps) {
          census.take(next)
          census.check()
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('how long limits are remembered', () => {
  it('is the longest of them, and no time where there are none', () => {
    const ttls = [70_000, 100_000, 80_000].map((ttlMs) => limitOf(5, { ttlMs }))
    expect(longestTtlMs(ttls)).toBe(100_000)
    expect(longestTtlMs([])).toBe(0)
  })
})
