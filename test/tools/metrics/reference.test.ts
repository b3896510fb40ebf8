import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { createRateLimiter, type RateLimiterOptions } from '../../../src/index.ts'
import { metrics } from '../../../src/tools/metrics/index.ts'
import { ATTRIBUTES } from '../../../src/tools/metrics/meter-instruments.ts'
import { METRIC_DEFINITIONS, STORE_CALL_DURATION } from '../../../src/tools/metrics/metric-definitions.ts'
import { seriesOf } from '../../support/metrics/exposition.ts'
import { meteredExposition } from '../../support/metrics/metered-exposition.ts'
import { describePromtool, promtoolOnFile } from '../../support/metrics/promtool.ts'
import { flawsOf } from '../../support/metrics/query-flaws.ts'
import { textOf } from '../../support/project-files.ts'

const reference = textOf('docs/metrics.md')
const rules = /```yaml\n([\s\S]*?)```/.exec(reference)?.[1] ?? ''

describe('docs/metrics.md', () => {
  it('lists every metric and every instrument, with its type and its unit', () => {
    for (const { metric, instrument, unit, kind } of METRIC_DEFINITIONS) {
      expect(reference).toContain(`| \`${metric}\` | ${kind === 'counter' ? 'counter' : 'gauge'} |`)
      const otherKind = kind === 'counter' ? 'counter' : 'up-down counter'
      expect(reference).toContain(`| \`${instrument}\` | ${otherKind} | \`${unit}\` |`)
    }
    expect(reference).toContain(`| \`${STORE_CALL_DURATION.metric}\` | histogram |`)
    expect(reference).toContain(`| \`${STORE_CALL_DURATION.instrument}\` | histogram | \`s\` |`)
  })

  it('lists the attribute of every label', () => {
    const missing = Object.values(ATTRIBUTES).filter((attribute) => !reference.includes(`\`${attribute}\``))
    expect(missing).toEqual([])
  })

  it('names no metric that does not exist', async () => {
    const known = new Set(seriesOf(await meteredExposition()).map(({ metric }) => metric))
    known.add(STORE_CALL_DURATION.metric)
    const named = reference.match(/\btollgate_\w+/g) ?? []
    expect(named.filter((name) => !known.has(name))).toEqual([])
    expect(named.length).toBeGreaterThan(known.size)
  })

  it('lists every value of every label', async () => {
    const missing = seriesOf(await meteredExposition())
      .flatMap(({ labels }) => Object.entries(labels))
      .filter(([label]) => label !== 'limiter' && label !== 'le')
      .filter(([, value]) => !reference.includes(`\`${value}\``))
    expect(missing).toEqual([])
  })

  it('states how many series a limiter has', async () => {
    const seriesCount = async (options: RateLimiterOptions): Promise<number> => {
      const registry = new Registry()
      metrics(createRateLimiter({ name: 'api', ...options }), { registry })
      return seriesOf(await registry.metrics()).length
    }
    const limits = { read: 100, write: 10 }
    const plan = (): 'basic' => 'basic'
    const [withoutPlans, withOnePlan, withTwoPlans] = await Promise.all([
      seriesCount({}),
      seriesCount({ plans: { basic: limits }, plan }),
      seriesCount({ plans: { basic: limits, pro: limits }, plan }),
    ])
    expect(withOnePlan).toBe(withoutPlans)
    expect(reference).toContain(`${withoutPlans} for one with the default limits and a memory store`)
    expect(reference).toContain(`${withTwoPlans - withOnePlan} more for each plan after the first`)
  })

  it('has alerts that name only existing metrics, labels and outcomes', async () => {
    expect(rules).toContain('- alert:')
    const queries = rules.split('- alert:').slice(1)
    const text = await meteredExposition()
    expect(queries.flatMap((query) => flawsOf(query, text))).toEqual([])
  })
})

describePromtool('the alerts of docs/metrics.md', () => {
  it('are rules that Prometheus accepts', () => {
    const { status, output } = promtoolOnFile(['check', 'rules'], rules)
    expect(output.join('')).toContain('SUCCESS: 6 rules found')
    expect(status).toBe(0)
  })
})
