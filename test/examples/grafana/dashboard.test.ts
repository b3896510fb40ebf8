import { describe, expect, it } from 'vitest'
import { type Series, seriesOf } from '../../support/metrics/exposition.ts'
import { meteredExposition } from '../../support/metrics/metered-exposition.ts'
import { describePromtool, promtoolOnFile } from '../../support/metrics/promtool.ts'
import { flawsOf } from '../../support/metrics/query-flaws.ts'
import { textOf } from '../../support/project-files.ts'

interface Panel {
  readonly id: number
  readonly title: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets: readonly { readonly expr: string }[]
}

const dashboard = JSON.parse(textOf('examples/grafana/tollgate.json')) as {
  readonly panels: readonly Panel[]
}
const { panels } = dashboard
const queries = panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const))

/** A query as Grafana sends it when all limiters are selected. */
const expanded = (query: string): string =>
  query.replaceAll('$__rate_interval', '5m').replaceAll('$limiter', '.+')

/** A counter that grows by its value each minute, or another series that keeps its value. */
function inputSeries({ metric, labels, value }: Series): object {
  const matchers = Object.entries(labels).map(([label, text]) => `${label}=${JSON.stringify(text)}`)
  const isCounter = /_(?:total|bucket|sum|count)$/.test(metric)
  return {
    series: `${metric}{${matchers.join(',')}}`,
    values: isCounter ? `0+${value}x20` : `${value}+0x20`,
  }
}

/** The result of promtool on whether each query returns a number from these series. */
function evaluated(
  series: readonly Series[],
  expressions: readonly string[],
): ReturnType<typeof promtoolOnFile> {
  const promqlTests = expressions.map((query) => ({
    // NaN is not >= 0.
    expr: `count((${expanded(query)}) >= 0) > bool 0`,
    eval_time: '15m',
    exp_samples: [{ labels: '{}', value: 1 }],
  }))
  const tests = [{ interval: '1m', input_series: series.map(inputSeries), promql_expr_test: promqlTests }]
  // JSON is YAML too.
  return promtoolOnFile(['test', 'rules'], JSON.stringify({ rule_files: [], tests }))
}

describe('the Grafana dashboard', () => {
  it.each(queries)('names in "%s" only existing metrics, labels and outcomes', async (_title, query) => {
    expect(flawsOf(query, await meteredExposition())).toEqual([])
  })

  it('shows every metric', async () => {
    const metrics = new Set(seriesOf(await meteredExposition()).map(({ metric }) => metric))
    const unseen = [...metrics].filter((metric) => !queries.some(([, query]) => query.includes(metric)))
    expect(unseen).toEqual([])
    expect(metrics.size).toBeGreaterThan(5)
  })

  it('has panels with unique ids that do not overlap', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
    expect(Math.max(...panels.map(({ gridPos: { x, w } }) => x + w))).toBe(24)
  })
})

describePromtool('every query of the Grafana dashboard', () => {
  it('returns numbers from the series that limiters expose', async () => {
    const series = seriesOf(await meteredExposition())
    const expressions = queries.map(([, query]) => query)
    const { status, output } = evaluated(series, expressions)
    expect(output.join('')).toContain('SUCCESS')
    expect(status).toBe(0)
  })

  it('fails the check if it returns no number or is not PromQL', async () => {
    const series = seriesOf(await meteredExposition())
    expect(evaluated(series, ['tollgate_clients{limiter="nobody"}']).status).toBe(1)
    expect(evaluated(series, ['sum(tollgate_clients']).status).toBe(1)
  })
})
