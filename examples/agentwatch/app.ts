import express, { type Express } from 'express'
import type { Dashboard } from 'express-tollgate/dashboard'
import type { Watch } from './domain/watch.ts'
import { operatorOnly, requireKey } from './http/access.ts'
import { problemHandler, unknownRoute } from './http/problem-response.ts'
import type { RequestCounts } from './http/request-counts.ts'
import type { Limiters } from './limiters.ts'
import { dashboardRoutes } from './routes/dashboard.ts'
import { demoRoutes } from './routes/demo.ts'
import { eventRoutes } from './routes/events.ts'
import { governanceRoutes } from './routes/governance.ts'
import { healthRoutes } from './routes/health.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { openApiRoutes } from './routes/openapi.ts'
import { safetyRoutes } from './routes/safety.ts'
import { sessionActionRoutes } from './routes/session-actions.ts'
import { sessionEventRoutes } from './routes/session-events.ts'
import { sessionInsightRoutes } from './routes/session-insights.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { systemRoutes } from './routes/system.ts'
import { tenantKeyRoutes } from './routes/tenant-keys.ts'
import { tenantRoutes } from './routes/tenants.ts'

/** The parts of the app. */
export interface AppParts {
  readonly watch: Watch
  readonly limiters: Limiters
  /** The live page of the limiters, at `/limits`. */
  readonly limitsPage: Dashboard
  readonly requests: RequestCounts
  /** Without a key, every caller is the operator. */
  readonly apiKey: string | undefined
  readonly streamClients: () => number
}

/** Creates the app. The order of the lines is the order in which a request meets the handlers. */
export function createApp({
  watch,
  limiters,
  limitsPage,
  requests,
  apiKey,
  streamClients,
}: AppParts): Express {
  const app = express()
  app.disable('x-powered-by')

  // The limiter comes first. So a 404, a wrong key and a malformed body are charged like any other request.
  app.use(limiters.everything)

  app.use('/health', healthRoutes(watch))
  app.use('/openapi.json', openApiRoutes(app))
  // The key is checked before the body is read, so the server parses no body of a caller without a key.
  app.use(requireKey(watch, apiKey))
  // The page shows the clients of all tenants. It also refuses requests from other machines.
  app.use('/limits', operatorOnly, limitsPage)
  app.get('/', (_req, res) => res.redirect('/limits/'))
  // The budgets come before the body is read: a tenant without a place or tokens uploads nothing.
  const { inFlight, tokens } = limiters.budgets
  app.use('/api/v1/events', inFlight, tokens)
  app.use(express.json({ limit: '100kb' }))

  app.use('/metrics', metricsRoutes({ watch, requests, limiters, streamClients }))
  app.use('/api/v1/sessions', sessionRoutes(watch))
  app.use('/api/v1/sessions', sessionEventRoutes(watch))
  app.use('/api/v1/sessions', sessionInsightRoutes(watch))
  app.use('/api/v1/sessions', sessionActionRoutes(watch))
  app.use('/api/v1/events', eventRoutes(watch, limiters.budgets))
  app.use('/api/v1/system', systemRoutes(watch, streamClients))
  app.use('/api/v1/safety', safetyRoutes(watch))
  app.use('/api/v1/dashboard', dashboardRoutes(watch))
  app.use('/api/v1/governance', governanceRoutes(watch, apiKey !== undefined))
  app.use('/api/v1/demo', demoRoutes(watch, limiters.demoSeed))
  app.use('/api/v1/tenants', tenantRoutes(watch, limiters.budgets))
  app.use('/api/v1/tenants', tenantKeyRoutes(watch, limiters.apiKeys))

  app.use(unknownRoute)
  app.use(problemHandler)
  return app
}
