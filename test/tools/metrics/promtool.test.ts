import { expect, it } from 'vitest'
import { seriesOf } from '../../support/metrics/exposition.ts'
import { meteredExposition } from '../../support/metrics/metered-exposition.ts'
import { describePromtool, promtool } from '../../support/metrics/promtool.ts'

describePromtool('promtool', () => {
  it('finds no problem in the exposition after every outcome has occurred', async () => {
    const text = await meteredExposition()
    const outcomes = seriesOf(text)
      .filter(({ metric, value }) => metric === 'tollgate_decisions_total' && value > 0)
      .map(({ labels }) => labels.outcome)
    expect(new Set(outcomes).size).toBe(9)
    expect(promtool(['check', 'metrics'], text)).toEqual({ status: 0, output: ['', ''] })
  })

  it('finds a counter whose name does not end in _total', async () => {
    const text = (await meteredExposition()).replaceAll('tollgate_decisions_total', 'tollgate_decisions')
    const { status, output } = promtool(['check', 'metrics'], text)
    expect(status).toBe(3)
    expect(output.join('')).toContain('counter metrics should have "_total" suffix')
  })
})
