import { expect, it } from 'vitest'
import { seriesOf } from '../../support/metrics/exposition.ts'
import { meteredExposition } from '../../support/metrics/metered-exposition.ts'
import { describePromtool, promtool } from '../../support/metrics/promtool.ts'

describePromtool('promtool', () => {
  it('finds no fault with what is exposed when every outcome has come about', async () => {
    const text = await meteredExposition()
    const outcomes = seriesOf(text)
      .filter(({ metric, value }) => metric === 'tollgate_decisions_total' && value > 0)
      .map(({ labels }) => labels.outcome)
    expect(new Set(outcomes).size).toBe(9)
    expect(promtool(['check', 'metrics'], text)).toEqual({ status: 0, output: ['', ''] })
  })

  it('would find a counter whose name does not say so', async () => {
    const text = (await meteredExposition()).replaceAll('tollgate_decisions_total', 'tollgate_decisions')
    const { status, output } = promtool(['check', 'metrics'], text)
    expect(status).toBe(3)
    expect(output.join('')).toContain('counter metrics should have "_total" suffix')
  })
})
