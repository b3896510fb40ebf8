import express from 'express'
import { assertEveryRouteLimited, auditRoutes } from 'express-tollgate/audit'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { createApp } from '../../../examples/agentwatch/app.ts'
import { createAgentwatch } from '../../../examples/agentwatch/server.ts'
import { API_KEY, startAgentwatch } from './running-agentwatch.ts'

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'

describe('every route', () => {
  it('is limited, by the audit and by its headers, also for the statuses 401 and 404', async () => {
    const { url, app } = await startAgentwatch({
      env: { AGENTWATCH_API_KEY: API_KEY, API_RATE_LIMIT_WRITE: '500' },
    })
    assertEveryRouteLimited(app)
    const report = auditRoutes(app)
    expect(report.routes.filter((route) => route.state !== 'limited')).toEqual([])
    const routes = report.routes.filter(({ kind }) => kind === 'route')
    expect(routes).toHaveLength(43)

    const statuses = new Set<number>()
    for (const { method, path } of routes) {
      const target = path.replaceAll(/:\w+/g, 'unknown')
      const calls = [
        request(url)[method.toLowerCase() as Method](target),
        request(url)[method.toLowerCase() as Method](target).set('X-API-Key', API_KEY),
        request(url)[method.toLowerCase() as Method](target).set('X-API-Key', 'wrong'),
        request(url).head(target),
        request(url).options(target),
        request(url).get(`${target}/nowhere`).set('X-API-Key', API_KEY),
      ]
      for (const call of calls) {
        const { status, headers } = await call
        statuses.add(status)
        const seen = `${method} ${target}: ${status}`
        expect(headers['x-ratelimit-limit'], seen).toMatch(/^(1000|500|10|5)$/)
        expect(headers['x-ratelimit-remaining'], seen).toMatch(/^\d+$/)
        expect(Number(headers['x-ratelimit-reset']), seen).toBeGreaterThan(Date.now() / 1000 - 1)
      }
    }
    expect([...statuses].sort()).toEqual([200, 201, 302, 400, 401, 404])
  })
})

describe('the stricter limiters', () => {
  it.each([
    { path: '/demo/seed', limit: 5, status: 201 },
    { path: '/tenants/ten_x/api-keys', limit: 10, status: 404 },
  ])('limits POST $path to $limit requests', async ({ path, limit, status }) => {
    const { url } = await startAgentwatch()
    const api = request(`${url}/api/v1`)
    for (let count = 1; count <= limit; count++) {
      const { headers } = await api.post(path).expect(status)
      expect(headers['x-ratelimit-limit']).toBe(String(limit))
      expect(headers['x-ratelimit-remaining']).toBe(String(limit - count))
    }
    await api.post(path).expect(429, '{"error":"rate_limit_exceeded"}')
    // Other routes are still allowed.
    await api.post('/sessions').send({ agent: 'bot' }).expect(201)
  })
})

describe('the start', () => {
  it('fails if a route comes before the limiter', () => {
    const start = (): unknown =>
      createAgentwatch({
        env: { PORT: '0' },
        createApp: (parts) => {
          const app = express()
          app.get('/open', (_req, res) => {
            res.send('not limited')
          })
          app.use(createApp(parts))
          return app
        },
      })
    expect(start).toThrow(/GET\s+\/open/)
    expect(start).toThrow(expect.objectContaining({ code: 'unlimited_routes' }))
  })

  it('fails if the environment turns off the limit of a class', () => {
    expect(() => createAgentwatch({ env: { PORT: '0', API_RATE_LIMIT_READ: 'false' } })).toThrow(
      expect.objectContaining({ code: 'unlimited_routes' }),
    )
  })

  it.each([
    [
      { PORT: 'http' },
      "PORT must be a whole number from 0 to 65535, got 'http'. Try PORT=3001, or 0 for any free port.",
    ],
    [
      { PORT: '65536' },
      "PORT must be a whole number from 0 to 65535, got '65536'. Try PORT=3001, or 0 for any free port.",
    ],
    [
      { PORT: '' },
      "PORT must be a whole number from 0 to 65535, got ''. Try PORT=3001, or 0 for any free port.",
    ],
    [
      { AGENTWATCH_API_KEY: 'short' },
      'AGENTWATCH_API_KEY must have at least 16 characters of printable ASCII without spaces, got 5. ' +
        'Make one with: openssl rand -hex 16. For an open server, unset the variable.',
    ],
    [
      { AGENTWATCH_API_KEY: '' },
      'AGENTWATCH_API_KEY must have at least 16 characters of printable ASCII without spaces, got 0. ' +
        'Make one with: openssl rand -hex 16. For an open server, unset the variable.',
    ],
  ])('fails with the setting %j', (env, message) => {
    expect(() => createAgentwatch({ env })).toThrow(message)
  })

  it('fails with a bad limit, and names its variable', () => {
    expect(() => createAgentwatch({ env: { API_RATE_LIMIT_READ: 'many' } })).toThrow(
      /^API_RATE_LIMIT_READ: .*'many'/,
    )
  })
})
