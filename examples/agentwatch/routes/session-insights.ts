import { type Response, Router } from 'express'
import { confidenceOf } from '../domain/confidence.ts'
import { costOf } from '../domain/cost.ts'
import { inOrder } from '../domain/event.ts'
import { reasoningOf } from '../domain/reasoning.ts'
import type { Session } from '../domain/session.ts'
import { traceOf } from '../domain/trace.ts'
import type { Watch } from '../domain/watch.ts'
import { identityOf } from '../http/identity.ts'

/** Reports on the events of a session. */
export function sessionInsightRoutes(watch: Watch): Router {
  const router = Router()
  const session = (id: string, res: Response): Session => watch.sessions.get(id, identityOf(res).tenantId)

  router.get('/:id/trace', (req, res) => {
    const { id, events } = session(req.params.id, res)
    res.json({ sessionId: id, ...traceOf(events) })
  })

  router.get('/:id/confidence', (req, res) => {
    const { id, events } = session(req.params.id, res)
    res.json({ sessionId: id, ...confidenceOf(inOrder(events)) })
  })

  router.get('/:id/reasoning', (req, res) => {
    const { id, events } = session(req.params.id, res)
    res.json({ sessionId: id, steps: reasoningOf(events) })
  })

  router.get('/:id/cost', (req, res) => {
    const { id, events } = session(req.params.id, res)
    const ceilingUsd = watch.safety.policy.maxSessionCostUsd
    res.json({ sessionId: id, ...costOf(events), ceilingUsd })
  })

  return router
}
