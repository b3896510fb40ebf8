export {
  type ConformanceOptions,
  type ConformanceRunner,
  storeConformance,
} from './conformance/store-conformance.ts'
export { FakeClock } from './fake-clock.ts'
export { type Fault, FaultyStore } from './faulty-store.ts'
