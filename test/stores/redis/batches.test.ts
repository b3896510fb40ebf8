import fc from 'fast-check'
import { createClient } from 'redis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Receipt } from '../../../src/limits/decision.ts'
import type { Limit } from '../../../src/limits/limit.ts'
import { RedisStore } from '../../../src/stores/redis/redis-store.ts'
import { FakeClock } from '../../../src/tools/testing/fake-clock.ts'
import { chargeOf, limitOf } from '../../support/charges.ts'
import { describeRedis } from '../../support/redis/describe-redis.ts'
import { anyRedis, type RedisServer } from '../../support/redis/redis-server.ts'
import { type Step, tracesOnAClock, tracesOnAnyClock } from './scripts/twin-traces.ts'

describeRedis('operations that go to Redis together', () => {
  let server: Pick<RedisServer, 'url' | 'stop'>
  let client: ReturnType<typeof createClient>
  let tests = 0
  beforeAll(async () => {
    server = await anyRedis()
    client = createClient({ url: server.url })
    await client.connect()
  })
  afterAll(async () => {
    client.destroy()
    await server.stop()
  })

  const made = (clock: FakeClock): RedisStore => {
    const prefix = `batches:${process.pid}:${tests++}`
    return new RedisStore({ client, prefix, clock, refusalCache: false, deadlineMs: 30_000 })
  }

  /** A store that runs the steps of a trace, and what it has answered. */
  class Replayed {
    readonly #store: RedisStore
    readonly #receipts: Receipt[] = []
    /** The receipts that a step of this batch has settled. */
    readonly #settled = new Set<Receipt>()

    constructor(store: RedisStore) {
      this.#store = store
    }

    /** Asks at once, and answers later. Receipts are those of earlier batches. */
    async run(step: Step): Promise<unknown> {
      if ('turn' in step) return undefined
      if ('charge' in step) {
        const { kind, refundable, ...charge } = step.charge
        return this.#store[kind](refundable === undefined ? charge : { ...charge, refundable })
      }
      const { change } = step
      if (change.kind === 'settle') {
        const receipt = this.#receipts[change.which % this.#receipts.length]
        // A second settlement of a receipt is not sent before the first one is answered.
        if (receipt === undefined || this.#settled.has(receipt)) return undefined
        this.#settled.add(receipt)
        return this.#store.settle(receipt, change.cost)
      }
      // DEL is a command of its own, which is sent at once.
      if (change.kind === 'reset') return undefined
      return change.kind === 'block'
        ? this.#store.block(change.key, change.forMs)
        : this.#store.unblock(change.key)
    }

    /** The decisions without their receipts, which the next batch can settle. */
    shown(answers: readonly unknown[]): unknown[] {
      this.#settled.clear()
      return answers.map((answer) => {
        if (typeof answer !== 'object' || answer === null) return answer
        const { receipt, ...decision } = answer as { receipt?: Receipt }
        if (receipt !== undefined) this.#receipts.push(receipt)
        return { ...decision, hasReceipt: receipt !== undefined }
      })
    }
  }

  /** Charges of one store at the same time, and of the other one after another. */
  async function compare(steps: readonly Step[], sizes: readonly number[]): Promise<void> {
    const clock = new FakeClock(1_700_000_000_000)
    const [together, alone] = [new Replayed(made(clock)), new Replayed(made(clock))]
    let start = 0
    for (let turn = 0; start < steps.length; turn++) {
      const end = start + (sizes[turn % sizes.length] ?? 1)
      const some = steps.slice(start, end)
      start = end
      for (const step of some)
        if ('turn' in step && step.turn.kind === 'turn') clock.set(clock.now() + step.turn.byMs)
      const batched = together.shown(await Promise.all(some.map((step) => together.run(step))))
      const single = []
      for (const step of some) single.push(await alone.run(step))
      expect(batched, `steps before ${end}`).toEqual(alone.shown(single))
    }
  }

  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 })

  it.each([
    ['on a clock that is set forward and back', tracesOnAnyClock],
    ['with clients that expire and limits that change', tracesOnAClock],
  ])('have the answers that one call each has, %s', async (_, traces) => {
    await fc.assert(
      fc.asyncProperty(traces, sizes, ({ steps }, batches) => compare(steps, batches)),
      { numRuns: 150 },
    )
  })

  it('see one another, in the order in which they were asked', async () => {
    const store = made(new FakeClock(1_700_000_000_000))
    const limits = [limitOf(40)]
    const decisions = await Promise.all(
      Array.from({ length: 50 }, () => store.consume(chargeOf('client', limits))),
    )
    const left = decisions.map(({ allowed, limits: [state] }) => (allowed ? state?.remaining : 'refused'))
    expect(left).toEqual([
      ...Array.from({ length: 40 }, (_, index) => 39 - index),
      ...Array.from({ length: 10 }, () => 'refused'),
    ])
  })

  it('keep their places also if they settle, and can settle equal charges', async () => {
    const store = made(new FakeClock(1_700_000_000_000))
    const limits = [limitOf(10, { algorithm: 'sliding-window' })]
    const charge = chargeOf('client', limits)
    const [first, second] = await Promise.all([store.consume(charge), store.consume(charge)])
    const settleBoth = (cost: number): Promise<number>[] =>
      [first, second].map(({ receipt = {} }) => store.settle(receipt, cost))
    const left = async (): Promise<unknown> => (await store.peek(charge)).limits[0]?.remaining
    const steps = [left(), ...settleBoth(3), left(), ...settleBoth(0), left()]
    expect(await Promise.all(steps.slice(0, 4))).toEqual([8, 3, 3, 4])
    expect(await Promise.all(steps.slice(4))).toEqual([0, 0, 4])
    expect(await left()).toBe(10)
  })

  it('do not fail because of one that fails, which has no effect', async () => {
    const store = made(new FakeClock(1_700_000_000_000))
    // The script cannot compute with it.
    const broken = [limitOf(5, { algorithm: 'unknown' as Limit['algorithm'] })]
    const asked = ['a', 'b', 'c', 'a'].map((key) =>
      store.consume(chargeOf(key, key === 'b' ? broken : [limitOf(5)])),
    )
    const settled = await Promise.allSettled(asked)
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
    const { reason } = settled[1] as PromiseRejectedResult
    expect((reason as Error).message).toMatch(/^ERR user_script:\d+: attempt to index/)
    expect(store.isAlive(reason)).toBe(true)
    expect((await store.peek(chargeOf('a', [limitOf(5)]))).limits[0]?.remaining).toBe(3)
  })

  it('do not fail because of one whose form cannot be read', async () => {
    const store = made(new FakeClock(1_700_000_000_000))
    const limits = [limitOf(5)]
    const asked = [
      store.consume(chargeOf('a', limits)),
      store.block('b', undefined as never),
      store.consume(chargeOf('a', limits)),
    ]
    const settled = await Promise.allSettled<unknown>(asked)
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect((await store.peek(chargeOf('a', limits))).limits[0]?.remaining).toBe(3)
  })

  it('can find damaged values, which count as absent', async () => {
    const clock = new FakeClock(1_700_000_000_000)
    const store = made(clock)
    const prefix = `batches:${process.pid}:${tests - 1}:v2:`
    await client.set(`${prefix}b`, '\u0001damaged')
    await client.rPush(`${prefix}c`, 'x')
    const keys = ['a', 'b', 'c', 'b', 'd', 'c']
    const decisions = await Promise.all(keys.map((key) => store.consume(chargeOf(key, [limitOf(5)]))))
    expect(decisions.map(({ limits: [state] }) => state?.remaining)).toEqual([4, 4, 4, 3, 4, 3])
  })
})
