import { Router } from 'express'
import { summaryOf, TOP_MEASURES, topOf } from '../domain/dashboard.ts'
import type { Watch } from '../domain/watch.ts'
import { operatorOnly } from '../http/access.ts'
import { Fields } from '../validation/fields.ts'

/** Figures over all sessions. */
export function dashboardRoutes(watch: Watch): Router {
  const router = Router()

  router.get('/summary', operatorOnly, (_req, res) => {
    res.json(summaryOf(watch))
  })

  router.get('/top', operatorOnly, (req, res) => {
    const query = Fields.ofQuery(req.query)
    const by = query.choice('by', TOP_MEASURES, 'cost')
    const limit = query.wholeNumber('limit', { least: 1, most: 50, fallback: 5 })
    query.rejectUnknownFields()
    res.json(topOf(watch, by, limit))
  })

  return router
}
