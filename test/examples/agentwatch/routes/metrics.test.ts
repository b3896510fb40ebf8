import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { numberOf, seriesOf } from '../../../support/metrics/exposition.ts'
import { describePromtool, promtool } from '../../../support/metrics/promtool.ts'
import { startAgentwatch } from '../running-agentwatch.ts'

const DECISIONS = 'tollgate_decisions_total'

/** The metrics of a server after some traffic, including one refusal by the limiter of the demo route. */
async function metricsAfterTraffic(): Promise<string> {
  const { url, allAnswered } = await startAgentwatch()
  const api = request(url)
  for (let count = 0; count < 6; count++) await api.post('/api/v1/demo/seed').send({ sessions: 1 })
  await api.get('/api/v1/sessions').expect(200)
  await allAnswered()
  const { text, headers } = await api.get('/metrics').expect(200)
  expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
  return text
}

describe('GET /metrics', () => {
  it('has the metrics of the limiters and the counts of the server', async () => {
    const text = await metricsAfterTraffic()
    const number = (limiter: string, outcome: string, requestClass = 'write'): number | undefined =>
      numberOf(text, DECISIONS, { limiter, class: requestClass, outcome })
    expect([number('demo-seed', 'allowed'), number('demo-seed', 'near')]).toEqual([3, 2])
    expect(number('demo-seed', 'limited')).toBe(1)
    expect(number('api-keys', 'allowed')).toBe(0)
    // The request for the metrics is a read too.
    expect(number('default', 'allowed', 'read')).toBe(2)
    expect(numberOf(text, 'agentwatch_http_refused_total', {})).toBe(1)
    const limiters = new Set(seriesOf(text).flatMap(({ labels }) => labels.limiter ?? []))
    expect([...limiters]).toEqual(['default', 'demo-seed', 'api-keys', 'tokens', 'in-flight'])
  })

  it('has no address', async () => {
    expect(await metricsAfterTraffic()).not.toMatch(/127\.0|::1/)
  })
})

describePromtool('promtool', () => {
  it('accepts GET /metrics', async () => {
    expect(promtool(['check', 'metrics'], await metricsAfterTraffic())).toEqual({
      status: 0,
      output: ['', ''],
    })
  })
})
