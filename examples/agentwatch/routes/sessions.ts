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

/** Sessions themselves: list, start, end, remove. */
export function sessionRoutes(watch: Watch): Router {
  const router = Router()
  const { sessions } = watch

  router.get('/', list(watch))
  router.post('/', start(watch))
  // Stands before `/:id`, which would take it for an id.
  router.delete('/prune', operatorOnly, prune(watch))

  router.get('/:id', (req, res) => {
    res.json(sessionJson(sessions.get(req.params.id, identityOf(res).tenantId)))
  })

  router.patch('/:id', (req, res) => {
    const session = sessions.get(req.params.id, identityOf(res).tenantId)
    const body = Fields.ofBody(req.body)
    const status = body.choice('status', SESSION_STATUSES)
    body.done()
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
    query.done()
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
    body.done()
    const session = startSession(watch, { agent, goal, tenantId })
    res.status(201).location(`/api/v1/sessions/${session.id}`).json(sessionJson(session))
  }
}

function prune(watch: Watch): RequestHandler {
  return (req, res) => {
    const query = Fields.ofQuery(req.query)
    const age = { least: 0, most: 365 * DAY_SEC, fallback: DAY_SEC }
    const olderThanSec = query.wholeNumber('olderThanSec', age)
    query.done()
    const pruned = watch.sessions.prune(watch.now() - olderThanSec * 1000)
    res.json({ pruned, remaining: watch.sessions.size, olderThanSec })
  }
}

/** A tenant's sessions are its own; the operator may start one for anybody. */
function tenantFor(asked: string | null, { role, tenantId }: Identity, watch: Watch): string | null {
  if (role === 'operator') return asked === null ? null : watch.tenants.get(asked).id
  if (asked === null || asked === tenantId) return tenantId
  throw new Problem({
    kind: 'forbidden',
    message: 'A tenant starts sessions for itself only.',
    remedy: 'Leave tenantId out.',
  })
}
