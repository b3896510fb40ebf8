import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as Package from '../../../src/index.ts'
import type { Decision, Limit, MemoryStore } from '../../../src/index.ts'
import type { Contestant, CounterSettings, DirectCounter, StoreStats } from './contestant.ts'

/** A build is loaded from its file: the package as its users get it, whichever build that is. */
async function loadBuild(dist: string): Promise<typeof Package> {
  return (await import(pathToFileURL(join(dist, 'index.js')).href)) as typeof Package
}

/** A limit as the middleware compiles it, but for `ttlMs`, which it would make 30 seconds longer. */
function limitOf({ limit, windowMs }: CounterSettings): Limit {
  return { name: 'read', limit, burst: limit, windowMs, ttlMs: windowMs, algorithm: 'fixed-window' }
}

/** Builds before the statistics came do not have them. */
function statsOf(store: MemoryStore): StoreStats | undefined {
  return (store as MemoryStore & { stats?(): StoreStats }).stats?.()
}

export const expressTollgate: Contestant = {
  name: 'express-tollgate',

  async createCounter(settings) {
    const { MemoryStore } = await loadBuild(settings.dist)
    const store = new MemoryStore({ maxKeys: settings.maxKeys })
    const limits = [limitOf(settings)]
    const counter: DirectCounter<Decision> = {
      answers: 'directly',
      ask: (key) => store.consume({ key, limits, cost: 1, refundable: false }),
      isAdmitted: ({ allowed }) => allowed,
      usedOf: ({ limits: [state] }) => settings.limit - (state?.remaining ?? Number.NaN),
      size: () => store.size,
      block: (key, forMs) => store.block(key, forMs),
      stats: () => statsOf(store),
      close: () => store.close(),
    }
    return counter
  },

  async createGate({ dist, limit, windowMs, maxKeys, headers }) {
    const { createRateLimiter, MemoryStore } = await loadBuild(dist)
    const store = new MemoryStore({ maxKeys })
    const handler = createRateLimiter({
      read: limit,
      windowSec: windowMs / 1000,
      standardHeaders: headers === 'draft',
      store,
    })
    return { handler, clients: () => store.size }
  },
}
