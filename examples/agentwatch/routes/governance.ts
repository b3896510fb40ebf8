import { Router } from 'express'
import { complianceReport } from '../domain/compliance.ts'
import type { Watch } from '../domain/watch.ts'
import { operatorOnly } from '../http/access.ts'

/** Reports for the people who are responsible for the agents. */
export function governanceRoutes(watch: Watch, apiKeyRequired: boolean): Router {
  const router = Router()
  router.get('/compliance-report', operatorOnly, (_req, res) => {
    res.json(complianceReport(watch, apiKeyRequired))
  })
  return router
}
