export type { Lease, LeaseStore } from '../../stores/leases/lease.ts'
export { MemoryLeases } from '../../stores/leases/memory-leases.ts'
export type { ConcurrencyLimiter } from './concurrency-limiter.ts'
export type {
  ConcurrencyLimiterOptions,
  InFlightLimit,
  QueueOptions,
  SharedOption,
} from './concurrency-limiter-options.ts'
export { createConcurrencyLimiter } from './create-concurrency-limiter.ts'
