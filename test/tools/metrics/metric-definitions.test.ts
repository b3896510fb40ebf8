import { describe, expect, it } from 'vitest'
import { createRateLimiter } from '../../../src/index.ts'
import { LimiterTally } from '../../../src/tools/metrics/limiter-tally.ts'
import {
  METRIC_DEFINITIONS,
  type Sample,
  STORE_CALL_DURATION,
} from '../../../src/tools/metrics/metric-definitions.ts'

const samplesOf = (metric: string, tally: LimiterTally): Sample[] | undefined =>
  METRIC_DEFINITIONS.find((definition) => definition.metric === metric)?.samples(tally)

describe('the metric definitions', () => {
  it('have names for OpenTelemetry that an exporter turns into the names for Prometheus', () => {
    for (const { metric, instrument, kind } of METRIC_DEFINITIONS) {
      const exported = instrument.replaceAll('.', '_') + (kind === 'counter' ? '_total' : '')
      expect(exported).toBe(metric)
    }
    const { metric, instrument } = STORE_CALL_DURATION
    expect(`${instrument.replaceAll('.', '_')}_seconds`).toBe(metric)
    expect(new Set(METRIC_DEFINITIONS.map((one) => one.metric)).size).toBe(METRIC_DEFINITIONS.length)
  })

  it('have a sample of a decision that should be impossible as soon as it was counted', () => {
    const tally = new LimiterTally(createRateLimiter({ name: 'writes', read: false }))
    const impossible = { labels: { class: 'read', outcome: 'skipped' }, value: 1 }
    expect(samplesOf('tollgate_decisions_total', tally)).not.toContainEqual({ ...impossible, value: 0 })
    tally.decisions.read.skipped++
    expect(samplesOf('tollgate_decisions_total', tally)).toContainEqual(impossible)
  })

  it('count decisions by plan, and show every class that a plan can have', () => {
    const plans = { free: { limit: 5 }, pro: { read: 9, write: false } } as const
    const limiter = createRateLimiter({ name: 'plans', plans, plan: () => 'free' })
    const tally = new LimiterTally(limiter)
    const labelsOf = (outcome: string): unknown[] =>
      (samplesOf('tollgate_decisions_total', tally) ?? [])
        .filter(({ labels }) => labels.outcome === outcome)
        .map(({ labels: { plan, class: requestClass }, value }) => `${plan} ${requestClass} ${value}`)
    const event = { limiter: tally.description, key: 'key', cost: 1, decision: undefined } as const
    tally.onDecision({ ...event, plan: 'free', class: 'any', outcome: 'limited' })
    tally.onDecision({ ...event, plan: undefined, class: 'preflight', outcome: 'limited' })
    expect(labelsOf('limited')).toEqual(['undefined preflight 1', 'free any 1', 'pro read 0'])
    expect(labelsOf('skipped')).toEqual(['undefined none 0'])
  })
})
