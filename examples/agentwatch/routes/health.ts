import { Router } from 'express'
import type { Watch } from '../domain/watch.ts'

/** Whether the server is alive. The route needs no key, so its answer has nothing else. */
export function healthRoutes(watch: Watch): Router {
  const router = Router()
  router.get('/', (_req, res) => {
    res.json({ status: 'ok', uptimeSec: Math.floor((watch.now() - watch.startedMs) / 1000) })
  })
  return router
}
