import { Registry } from 'prom-client'
import { metrics } from '../../../src/tools/metrics/index.ts'
import { everyOutcome } from '../../tools/metrics/every-outcome.ts'

/** The exposition of a registry after every outcome has occurred. */
export async function meteredExposition(): Promise<string> {
  const registry = new Registry()
  const { limiters, send } = everyOutcome()
  for (const limiter of limiters) metrics(limiter, { registry })
  await send()
  return registry.metrics()
}
