import { type RequestHandler, Router } from 'express'
import { startSession } from '../domain/ingest.ts'
import { SESSION_STATUSES } from '../domain/session.ts'
import type { Watch } from '../domain/watch.ts'
import { operatorOnly } from '../http/access.ts'
import { type Identity, identityOf } from '../http/identity.ts'
import { sessionJson } from '../http/views.ts'
import { Problem } from '../problem.ts'
import { Fields } from '../validation/fields.ts'
import { pageOf, readPage } from '../validation/page.ts'

const DAY_SEC = 86_400

/** Sessions: list, start, end and remove them. */
export function sessionRoutes(watch: Watch): Router {
  const router = Router()
  const { sessions } = watch

  router.get('/', list(watch))
  router.post('/', start(watch))
  // This route comes before `/:id`, which would treat `prune` as an id.
  router.delete('/prune', operatorOnly, prune(watch))

  router.get('/:id', (req, res) => {
    res.json(sessionJson(sessions.get(req.params.id, identityOf(res).tenantId)))
  })

  router.patch('/:id', (req, res) => {
    const session = sessions.get(req.params.id, identityOf(res).tenantId)
    const body = Fields.ofBody(req.body)
    const status = body.choice('status', SESSION_STATUSES)
    body.rejectUnknownFields()
    res.json(sessionJson(sessions.setStatus(session.id, status, watch.now())))
  })

  router.delete('/:id', (req, res) => {
    sessions.remove(sessions.get(req.params.id, identityOf(res).tenantId).id)
    res.status(204).end()
  })

  return router
}

function list(watch: Watch): RequestHandler {
  return (req, res) => {
    const query = Fields.ofQuery(req.query)
    const page = readPage(query)
    const status = query.has('status') ? query.choice('status', SESSION_STATUSES) : null
    const agent = query.optionalText('agent', 100)
    query.rejectUnknownFields()
    const found = watch.sessions
      .list(identityOf(res).tenantId)
      .filter((session) => status === null || session.status === status)
      .filter((session) => agent === null || session.agent === agent)
    res.json(pageOf(found, page, sessionJson))
  }
}

function start(watch: Watch): RequestHandler {
  return (req, res) => {
    const body = Fields.ofBody(req.body)
    const agent = body.text('agent', { longest: 100 })
    const goal = body.text('goal', { longest: 500, fallback: '' })
    const tenantId = tenantFor(body.optionalText('tenantId', 100), identityOf(res), watch)
    body.rejectUnknownFields()
    const session = startSession(watch, { agent, goal, tenantId })
    res.status(201).location(`/api/v1/sessions/${session.id}`).json(sessionJson(session))
  }
}

function prune(watch: Watch): RequestHandler {
  return (req, res) => {
    const query = Fields.ofQuery(req.query)
    const age = { least: 0, most: 365 * DAY_SEC, fallback: DAY_SEC }
    const olderThanSec = query.wholeNumber('olderThanSec', age)
    query.rejectUnknownFields()
    const pruned = watch.sessions.prune(watch.now() - olderThanSec * 1000)
    res.json({ pruned, remaining: watch.sessions.size, olderThanSec })
  }
}

/** A tenant starts sessions for itself only. The operator may start one for any tenant. */
function tenantFor(requestedId: string | null, { role, tenantId }: Identity, watch: Watch): string | null {
  if (role === 'operator') return requestedId === null ? null : watch.tenants.get(requestedId).id
  if (requestedId === null || requestedId === tenantId) return tenantId
  throw new Problem({
    kind: 'forbidden',
    message: 'A tenant may start sessions for itself only.',
    remedy: 'Omit tenantId.',
  })
}
