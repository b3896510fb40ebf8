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
})
