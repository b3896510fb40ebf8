import { type Response, Router } from 'express'
import { EVENT_TYPES, inOrder } from '../domain/event.ts'
import type { Session } from '../domain/session.ts'
import { timelineOf } from '../domain/timeline.ts'
import type { Watch } from '../domain/watch.ts'
import { identityOf } from '../http/identity.ts'
import { eventJson } from '../http/views.ts'
import { Fields } from '../validation/fields.ts'
import { pageOf, readPage } from '../validation/page.ts'

/** The events of a session, as a list or as a playback. */
export function sessionEventRoutes(watch: Watch): Router {
  const router = Router()
  const session = (id: string, res: Response): Session => watch.sessions.get(id, identityOf(res).tenantId)

  router.get('/:id/events', (req, res) => {
    const { events } = session(req.params.id, res)
    const query = Fields.ofQuery(req.query)
    const page = readPage(query)
    const type = query.has('type') ? query.choice('type', EVENT_TYPES) : null
    query.rejectUnknownFields()
    const found = inOrder(events).filter((event) => type === null || event.type === type)
    res.json(pageOf(found, page, eventJson))
  })

  router.get('/:id/replay', (req, res) => {
    const { id, events } = session(req.params.id, res)
    const query = Fields.ofQuery(req.query)
    const speed = query.optionalNumber('speed', { least: 0.1, most: 1000 }) ?? 1
    query.rejectUnknownFields()
    const { frames, durationMs } = timelineOf(events, speed)
    const shown = frames.map(({ offsetMs, event }) => ({ offsetMs, event: eventJson(event) }))
    res.json({ sessionId: id, speed, durationMs, frames: shown })
  })

  return router
}
