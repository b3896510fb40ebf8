import fc from 'fast-check'
import { createClient } from 'redis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Decision, Receipt } from '../../../../src/limits/decision.ts'
import { MemoryStore } from '../../../../src/stores/memory/memory-store.ts'
import { RedisStore } from '../../../../src/stores/redis/redis-store.ts'
import type { Store } from '../../../../src/stores/store.ts'
import { FakeClock } from '../../../../src/tools/testing/fake-clock.ts'
import { describeRedis } from '../../../support/redis/describe-redis.ts'
import { anyRedis, type RedisServer } from '../../../support/redis/redis-server.ts'
import { RARE_TRACES } from './rare-traces.ts'
import {
  type ChangeStep,
  type ChargeStep,
  KEYS,
  type Trace,
  type TurnStep,
  tracesOnAClock,
  tracesOnAnyClock,
} from './twin-traces.ts'

/** One of the two stores, and its decisions. */
class Twin {
  readonly #store: Store
  readonly #receipts: (Receipt | undefined)[] = []
  last: Decision | undefined

  constructor(store: Store) {
    this.#store = store
  }

  /** The decision. The receipt is replaced by whether there is one. */
  async charge(step: ChargeStep): Promise<object> {
    const { kind, refundable, ...charge } = step
    const fullCharge = refundable === undefined ? charge : { ...charge, refundable }
    const decision = await this.#store[kind]?.(fullCharge)
    if (decision === undefined) throw new Error('no decision')
    this.last = decision
    const { receipt, ...rest } = decision
    if (receipt !== undefined) this.#receipts.push(receipt)
    return { ...rest, hasReceipt: receipt !== undefined }
  }

  async change(step: ChangeStep): Promise<void> {
    if (step.kind === 'block') await this.#store.block?.(step.key, step.forMs)
    else if (step.kind === 'refund') await this.#refund(step.which)
    else await this.#store[step.kind]?.(step.key)
  }

  async #refund(which: number): Promise<void> {
    const receipt = this.#receipts[which % this.#receipts.length]
    if (receipt !== undefined) await this.#store.refund?.(receipt)
  }
}

function turnedMs(step: TurnStep, last: Decision | undefined): number {
  if (step.kind === 'turn') return step.byMs
  const waits = {
    retry: last?.retryAfterMs,
    repeat: last?.repeatAfterMs,
    reset: last?.limits[0]?.resetMs,
    ban: last?.ban?.endsInMs,
  }
  return Math.max(0, (waits[step.what] ?? 0) + step.byMs)
}

describeRedis('the scripts of Redis', () => {
  let server: Pick<RedisServer, 'url' | 'stop'>
  let client: ReturnType<typeof createClient>
  let traces = 0
  beforeAll(async () => {
    server = await anyRedis()
    client = createClient({ url: server.url })
    await client.connect()
  })
  afterAll(async () => {
    client.destroy()
    await server.stop()
  })

  /** Runs a trace in both stores. Both must make the same decisions. */
  async function replay({ steps, first }: Trace): Promise<void> {
    const clock = new FakeClock()
    const prefix = `twins:${process.pid}:${traces++}`
    const memory = new Twin(new MemoryStore({ clock, maxKeys: 16 }))
    const options = { client, prefix, clock, refusalCache: false, deadlineMs: 30_000 } as const
    const redis = new Twin(new RedisStore(options))
    const both = async <T>(work: (twin: Twin) => Promise<T>): Promise<[T, T]> => [
      await work(memory),
      await work(redis),
    ]
    const compareDecisions = async (step: ChargeStep, at: number): Promise<void> => {
      const [expected, answered] = await both((twin) => twin.charge(step))
      expect(answered, `step ${at} of ${steps.length}`).toEqual(expected)
    }
    const chargeFirst = async (key: string, at: number): Promise<void> => {
      if (first === undefined) return
      await compareDecisions(
        { kind: 'consume', key, limits: first, cost: 1, ban: undefined, refundable: true },
        at,
      )
    }
    for (const key of KEYS) await chargeFirst(key, 0)
    for (const [at, step] of steps.entries()) {
      if ('turn' in step) clock.set(clock.now() + turnedMs(step.turn, memory.last))
      else if ('charge' in step) await compareDecisions(step.charge, at)
      else await both((twin) => twin.change(step.change))
      if ('change' in step && step.change.kind === 'reset') await chargeFirst(step.change.key, at)
    }
  }

  it.each(RARE_TRACES.map((trace, index) => [index, trace] as const))(
    'make the same decisions as the memory store, in rare trace %i',
    (_, trace) => replay(trace),
  )

  it('make the same decisions as the memory store, on a clock that is set forward and back', async () => {
    await fc.assert(fc.asyncProperty(tracesOnAnyClock, replay), { numRuns: 400 })
  })

  it('make the same decisions as the memory store, with clients that expire and limits that change', async () => {
    await fc.assert(fc.asyncProperty(tracesOnAClock, replay), { numRuns: 400 })
  })
})
