import express from 'express'
import { expect, it } from 'vitest'
import { createRateLimiter, type RateLimiterOptions } from '../../../src/index.ts'
import { auditRoutes, formatRoutes } from '../../../src/tools/audit/index.ts'
import { openApiComponents } from '../../../src/tools/openapi/index.ts'

function appWith(options: RateLimiterOptions) {
  const app = express()
  const limiter = createRateLimiter(options)
  app.use(limiter)
  app.get('/', (_req, res) => void res.send('ok'))
  app.all('/all', (_req, res) => void res.send('ok'))
  return { app, limiter }
}

const plan = (): string => 'free'

it('the audit lists one budget once, for every method', () => {
  const report = auditRoutes(appWith({ limit: 5 }).app)
  expect(report.routes.map(({ state }) => state)).not.toContain('not-proven')
  expect(formatRoutes(report)).toMatch(/GET +\/ +5\/60s +default +limited/)
  expect(formatRoutes(report)).toMatch(/ALL +\/all +5\/60s +default +limited/)
})

it('the audit lists the limits of each plan', () => {
  const { app } = appWith({
    plans: { free: { limit: 5 }, pro: { read: [{ limit: 9 }, { limit: 2, windowSec: 1 }] } },
    plan,
  })
  const report = formatRoutes(auditRoutes(app))
  expect(report).toMatch(/GET +\/ +free 5\/60s, pro 9\/60s, 2\/1s +default +limited/)
  expect(report).toContain('read free 5/60s, pro 9/60s, 2/1s, write free 5/60s, pro 200/60s')
})

it('the audit does not prove a route where a plan has no limit, unless the caller accepts it', () => {
  const { app } = appWith({ plans: { free: { limit: 5 }, staff: { limit: false } }, plan })
  const [route] = auditRoutes(app).routes
  expect(route).toMatchObject({
    state: 'not-proven',
    why: "Plan 'staff' of limiter 'default' does not limit reads (the option trustSkip accepts this).",
  })
  expect(auditRoutes(app, { trustSkip: true }).routes[0]).toMatchObject({ state: 'limited' })
})

it('an OpenAPI document describes one budget, and the limits of each plan', () => {
  const texts = (options: RateLimiterOptions): unknown =>
    openApiComponents(appWith(options).limiter).responses.RateLimitExceeded?.description
  expect(texts({ limit: 5 })).toBe(
    'Too many requests from this client. All requests: 5 requests in 60 seconds.',
  )
  expect(texts({ plans: { free: { limit: 5 }, pro: { read: 9, write: false } }, plan })).toBe(
    'Too many requests from this client. Plan "free": All requests: 5 requests in 60 seconds. ' +
      'Plan "pro": Reads: 9 requests in 60 seconds. Plan "pro": Writes: no limit.',
  )
})
