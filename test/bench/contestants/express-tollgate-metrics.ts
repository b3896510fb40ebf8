import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Registry } from 'prom-client'
import type { RateLimiter } from '../../../src/index.ts'
import type * as MetricsPart from '../../../src/tools/metrics/index.ts'
import type { Contestant } from './contestant.ts'
import { expressTollgate } from './express-tollgate.ts'

/** The limiter as it is, with its metrics on a registry. */
export const expressTollgateMetrics: Contestant = {
  name: 'express-tollgate, metrics',

  async createGate(settings) {
    const gate = await expressTollgate.createGate?.(settings)
    if (gate === undefined) throw new Error('express-tollgate has a gate')
    const path = pathToFileURL(join(settings.dist, 'metrics.js')).href
    const { metrics } = (await import(path)) as typeof MetricsPart
    metrics(gate.handler as unknown as RateLimiter, { registry: new Registry() })
    return gate
  },
}
