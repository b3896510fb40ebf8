import { type Response, Router } from 'express'
import { checkpoint, checkpointsOf } from '../domain/checkpoints.ts'
import { ingest, rollBack } from '../domain/ingest.ts'
import type { Session } from '../domain/session.ts'
import { simulate } from '../domain/simulation.ts'
import type { Watch } from '../domain/watch.ts'
import { identityOf } from '../http/identity.ts'
import { sessionJson } from '../http/views.ts'
import { readEvent, readEvents } from '../validation/event-fields.ts'
import { Fields } from '../validation/fields.ts'

const MAX_SIMULATED = 100

/** Checkpoints of a session, rollbacks and simulations. */
export function sessionActionRoutes(watch: Watch): Router {
  const router = Router()
  const session = (id: string, res: Response): Session => watch.sessions.get(id, identityOf(res).tenantId)

  router.get('/:id/checkpoints', (req, res) => {
    const found = session(req.params.id, res)
    res.json({ sessionId: found.id, checkpoints: checkpointsOf(found) })
  })

  router.post('/:id/checkpoints', (req, res) => {
    const found = session(req.params.id, res)
    const body = Fields.ofBody(req.body)
    const name = body.text('label', { longest: 100 })
    body.rejectUnknownFields()
    const event = readEvent(Fields.ofBody({ type: 'checkpoint', name }), watch.now())
    const [stored] = ingest(watch, found, [event])
    res.status(201).json(stored === undefined ? null : checkpoint(found, stored.id))
  })

  router.post('/:id/rollback', (req, res) => {
    const found = session(req.params.id, res)
    const body = Fields.ofBody(req.body)
    const checkpointId = body.text('checkpointId', { longest: 100 })
    body.rejectUnknownFields()
    const { kept, dropped } = rollBack(watch, found, checkpointId)
    res.json({ checkpointId, kept, dropped, session: sessionJson(found) })
  })

  router.post('/:id/simulate', (req, res) => {
    const found = session(req.params.id, res)
    const body = Fields.ofBody(req.body)
    const fromCheckpointId = body.optionalText('fromCheckpointId', 100)
    const model = body.optionalText('model', 100)
    const events = body.has('events') ? readEvents(body, MAX_SIMULATED, watch.now()) : []
    body.rejectUnknownFields()
    res.json({ sessionId: found.id, ...simulate(watch, found, { fromCheckpointId, model, events }) })
  })

  return router
}
