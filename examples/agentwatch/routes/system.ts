import { Router } from 'express'
import { PRICES } from '../domain/pricing.ts'
import type { Watch } from '../domain/watch.ts'
import { operatorOnly } from '../http/access.ts'

/** The state of the server. */
export function systemRoutes(watch: Watch, streamClients: () => number): Router {
  const router = Router()

  router.get('/status', operatorOnly, (_req, res) => {
    const { sessions, tenants, bounds, startedMs } = watch
    res.json({
      status: 'ok',
      startedAt: new Date(startedMs).toISOString(),
      uptimeSec: Math.floor((watch.now() - startedMs) / 1000),
      memoryBytes: process.memoryUsage().rss,
      node: process.version,
      kept: { sessions: sessions.size, events: sessions.eventCount, tenants: tenants.list().length },
      bounds,
      streamClients: streamClients(),
    })
  })

  router.get('/pricing', (_req, res) => {
    res.json({ unit: 'USD per million tokens', models: PRICES })
  })

  return router
}
