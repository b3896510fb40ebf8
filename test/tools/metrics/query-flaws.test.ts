import { describe, expect, it } from 'vitest'
import { flawsOf } from '../../support/metrics/query-flaws.ts'

const EXPOSITION = `# HELP tollgate_decisions_total Decisions.
# TYPE tollgate_decisions_total counter
tollgate_decisions_total{limiter="a \\"b\\"",outcome="near"} 3
`

describe('flawsOf', () => {
  it('finds none in a query whose names all exist', () => {
    const query =
      'sum by (limiter, outcome) (rate(tollgate_decisions_total{outcome=~"near", limiter=~"$x"}[5m]))'
    expect(flawsOf(query, EXPOSITION)).toEqual([])
  })

  it('finds metrics, labels and label values that do not exist', () => {
    const flaw = 'tollgate_decisions_total has no'
    expect(flawsOf('tollgate_decision_total', EXPOSITION)).toEqual(['no metric tollgate_decision_total'])
    expect(flawsOf('sum by (kind) (tollgate_decisions_total)', EXPOSITION)).toEqual([`${flaw} kind`])
    expect(flawsOf('tollgate_decisions_total{outcome="far"}', EXPOSITION)).toEqual([`${flaw} outcome="far"`])
    expect(flawsOf('tollgate_decisions_total{outcome=~"near|far"}', EXPOSITION)).toEqual([
      `${flaw} outcome="far"`,
    ])
    expect(flawsOf('up', EXPOSITION)).toEqual(['names no metric: up'])
  })
})
