import { type RequestHandler, type Response, Router } from 'express'
import type { Budgets } from '../budgets.ts'
import type { AgentEvent } from '../domain/event.ts'
import { ingest } from '../domain/ingest.ts'
import type { Watch } from '../domain/watch.ts'
import { identityOf } from '../http/identity.ts'
import { eventJson } from '../http/views.ts'
import { notFound } from '../problem.ts'
import { readEvent, readEvents } from '../validation/event-fields.ts'
import { Fields } from '../validation/fields.ts'
import { pageOf, readPage } from '../validation/page.ts'

const MAX_BATCH = 100

/** The events that agents report, one by one or several at once. */
export function eventRoutes(watch: Watch, budgets: Budgets): Router {
  const router = Router()
  const visible = (res: Response): readonly AgentEvent[] =>
    watch.sessions.list(identityOf(res).tenantId).flatMap((session): readonly AgentEvent[] => session.events)

  router.get('/', (req, res) => {
    const query = Fields.ofQuery(req.query)
    const page = readPage(query)
    query.rejectUnknownFields()
    const latestFirst = visible(res).toSorted((one, other) => other.timeMs - one.timeMs)
    res.json(pageOf(latestFirst, page, eventJson))
  })

  router.get('/:id', (req, res) => {
    const event = visible(res).find((candidate) => candidate.id === req.params.id)
    if (event === undefined) throw notFound('event', req.params.id, 'GET /api/v1/events lists the latest.')
    res.json(eventJson(event))
  })

  router.post('/', addEvent(watch, budgets))
  router.post('/batch', addBatch(watch, budgets))

  return router
}

function addEvent(watch: Watch, budgets: Budgets): RequestHandler {
  return async (req, res) => {
    const body = Fields.ofBody(req.body)
    const sessionId = body.text('sessionId', { longest: 100 })
    const event = readEvent(body, watch.now())
    body.rejectUnknownFields()
    const [stored] = ingest(watch, watch.sessions.get(sessionId, identityOf(res).tenantId), [event])
    await budgets.settle(req, [event])
    res.status(201).json(stored === undefined ? null : eventJson(stored))
  }
}

function addBatch(watch: Watch, budgets: Budgets): RequestHandler {
  return async (req, res) => {
    const body = Fields.ofBody(req.body)
    const sessionId = body.text('sessionId', { longest: 100 })
    const events = readEvents(body, MAX_BATCH, watch.now())
    body.rejectUnknownFields()
    const stored = ingest(watch, watch.sessions.get(sessionId, identityOf(res).tenantId), events)
    await budgets.settle(req, events)
    res.status(201).json({ taken: stored.length, events: stored.map(eventJson) })
  }
}
