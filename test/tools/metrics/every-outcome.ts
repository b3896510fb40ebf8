import { onTestFinished } from 'vitest'
import { createRateLimiter, MemoryStore, type RateLimiter } from '../../../src/index.ts'
import { type ConcurrencyLimiter, createConcurrencyLimiter } from '../../../src/tools/concurrency/index.ts'
import type { MeteredLimiter } from '../../../src/tools/metrics/index.ts'
import { FaultyStore } from '../../../src/tools/testing/index.ts'
import { withListeningServer } from '../../support/http/listening-server.ts'

/** The keys of the clients that are charged here. No metric may contain any of them. */
export const CLIENT_KEYS: readonly string[] = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '127.0.0.1']

/** Limiters whose traffic has every outcome, failures, bans and evictions. */
export interface EveryOutcome {
  readonly limiters: readonly MeteredLimiter[]
  /** Sends the traffic, the same in each call. */
  send(): Promise<void>
}

/** Limiters without any traffic yet. They are closed when the test ends. */
export function everyOutcome(): EveryOutcome {
  const createLimiter = (name: string, options: object): RateLimiter => {
    const limiter = createRateLimiter({ name, ...options })
    onTestFinished(() => limiter.close())
    return limiter
  }
  const api = createLimiter('api', { read: 5, write: 5 })
  const gate = createLimiter('gate', { denyList: ['127.0.0.1'] })
  const open = createLimiter('open', { skip: () => true })
  const trial = createLimiter('trial', { read: 1, mode: 'shadow' })
  const crowded = createLimiter('crowded', { store: new MemoryStore({ maxKeys: 1 }) })
  const failing = [
    createLimiter('lenient', { store: failingStore(), onStoreError: 'allow' }),
    createLimiter('strict', { store: failingStore(), onStoreError: 'deny' }),
  ]
  const tokens = createLimiter('tokens', { limit: 100, unit: 'tokens' })
  const exports = createConcurrencyLimiter({ name: 'exports', limit: 1 })
  onTestFinished(() => exports.close())
  const send = async (): Promise<void> => {
    await useUp(api)
    await banAndUnban(api)
    for (const limiter of [gate, open]) await fetchFrom(limiter)
    await trial.consume('192.0.2.1', { class: 'read' })
    await trial.consume('192.0.2.1', { class: 'read' })
    for (const key of CLIENT_KEYS) await crowded.consume(key, { class: 'read' })
    await settleTwice(tokens)
    await fetchFrom(exports)
    for (const limiter of failing)
      await limiter.consume('192.0.2.1', { class: 'read' }).catch(() => undefined)
  }
  return { limiters: [api, gate, open, trial, crowded, tokens, exports, ...failing], send }
}

/** 3 allowed, 2 near, 1 limited in each class. */
async function useUp(limiter: RateLimiter): Promise<void> {
  for (let request = 0; request < 6; request++) {
    await limiter.consume('192.0.2.1', { class: 'read' })
    await limiter.consume('192.0.2.1', { class: 'write' })
  }
}

async function banAndUnban(limiter: RateLimiter): Promise<void> {
  await limiter.block('192.0.2.2', 60)
  await limiter.consume('192.0.2.2', { class: 'read' })
  await limiter.unblock('192.0.2.2')
  for (const key of CLIENT_KEYS) await limiter.reset(key)
}

/** 3 units are taken in addition, and 5 are given back. */
async function settleTwice(limiter: RateLimiter): Promise<void> {
  const { receipt } = await limiter.consume('192.0.2.1', { cost: 4 })
  await limiter.settle(receipt, 7)
  await limiter.settle(receipt, 2)
}

async function fetchFrom(limiter: RateLimiter | ConcurrencyLimiter): Promise<void> {
  await withListeningServer(
    (req, res) => limiter(req, res, () => res.end()),
    async (port) => {
      await (await fetch(`http://127.0.0.1:${port}/`)).text()
    },
  )
}

function failingStore(): FaultyStore {
  const store = new FaultyStore(new MemoryStore())
  store.fail({ kind: 'throw' })
  return store
}
