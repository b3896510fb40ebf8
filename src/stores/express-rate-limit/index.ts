export type { CallbackStore, CountedHits, CountingStore, HitStore } from './counting-store.ts'
export { fromExpressRateLimitStore } from './from-express-rate-limit-store.ts'
