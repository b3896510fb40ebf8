import { describe, expect, it } from 'vitest'
import { createRateLimiter } from '../../../src/index.ts'
import { LimiterTally } from '../../../src/tools/metrics/limiter-tally.ts'
import {
  METRIC_DEFINITIONS,
  type Sample,
  STORE_CALL_DURATION,
} from '../../../src/tools/metrics/metric-definitions.ts'

const samplesOf = (metric: string, tally: LimiterTally): Sample[] | undefined =>
  METRIC_DEFINITIONS.find((fact) => fact.metric === metric)?.samples(tally)

describe('FACTS', () => {
  it('have one name in both worlds, as an exporter makes one of the other', () => {
    for (const { metric, instrument, kind } of METRIC_DEFINITIONS) {
      const exported = instrument.replaceAll('.', '_') + (kind === 'counter' ? '_total' : '')
      expect(exported).toBe(metric)
    }
    const { metric, instrument } = STORE_CALL_DURATION
    expect(`${instrument.replaceAll('.', '_')}_seconds`).toBe(metric)
    expect(new Set(METRIC_DEFINITIONS.map((fact) => fact.metric)).size).toBe(METRIC_DEFINITIONS.length)
  })

  it('show a decision that should not have been possible, once it was', () => {
    const tally = new LimiterTally(createRateLimiter({ name: 'writes', read: false }))
    const odd = { labels: { class: 'read', outcome: 'skipped' }, value: 1 }
    expect(samplesOf('tollgate_decisions_total', tally)).not.toContainEqual({ ...odd, value: 0 })
    tally.decisions.read.skipped++
    expect(samplesOf('tollgate_decisions_total', tally)).toContainEqual(odd)
  })
})
