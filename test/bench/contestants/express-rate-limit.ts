import type { ClientRateLimitInfo, Options } from 'express-rate-limit'
import type { Contestant, PromisingCounter } from './contestant.ts'

/** Asked as its middleware asks it: `increment`, awaited, and compared with the limit. */
export const expressRateLimit: Contestant = {
  name: 'express-rate-limit',

  async createCounter({ limit, windowMs }) {
    const { MemoryStore } = await import('express-rate-limit')
    const store = new MemoryStore()
    store.init({ windowMs } as Options)
    const counter: PromisingCounter<ClientRateLimitInfo> = {
      answers: 'with a promise',
      ask: (key) => store.increment(key),
      isAdmitted: ({ totalHits }) => totalHits <= limit,
      usedOf: ({ totalHits }) => totalHits,
      size: () => store.current.size + store.previous.size,
      close: () => store.shutdown(),
    }
    return counter
  },

  async createGate({ limit, windowMs, headers }) {
    const { MemoryStore, rateLimit } = await import('express-rate-limit')
    const store = new MemoryStore()
    const handler = rateLimit({
      limit,
      windowMs,
      store,
      legacyHeaders: true,
      standardHeaders: headers === 'draft' ? 'draft-8' : false,
    })
    return { handler, clients: () => store.current.size + store.previous.size }
  },
}
