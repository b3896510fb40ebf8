import { adversarial } from './adversarial.ts'
import type { Benchmark } from './benchmark.ts'
import { decisions } from './decisions.ts'
import { flood } from './flood.ts'
import { memory } from './memory.ts'
import { pauses } from './pauses.ts'
import { requests } from './requests.ts'
import { throughput } from './throughput.ts'

/** All benchmarks, in the order in which they run. */
export const BENCHMARKS: readonly Benchmark[] = [
  decisions,
  memory,
  pauses,
  requests,
  throughput,
  flood,
  adversarial,
]

/** @throws Error when no benchmark has that name */
export function benchmarkNamed(name: string): Benchmark {
  const benchmark = BENCHMARKS.find((one) => one.name === name)
  if (benchmark === undefined) throw new Error(`There is no benchmark called ${name}.`)
  return benchmark
}
