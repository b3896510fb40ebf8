import { Router } from 'express'
import type { RateLimiter } from 'express-tollgate'
import type { Watch } from '../domain/watch.ts'
import { operatorOnly } from '../http/access.ts'
import { apiKeyJson } from '../http/views.ts'
import { Fields } from '../validation/fields.ts'

/** The keys of tenants. `limiter` limits their creation, and is stricter than the limiter of all requests. */
export function tenantKeyRoutes(watch: Watch, limiter: RateLimiter): Router {
  const router = Router()
  const { tenants } = watch
  router.use(operatorOnly)

  router.get('/:id/api-keys', (req, res) => {
    const { id, keys } = tenants.get(req.params.id)
    res.json({ tenantId: id, keys: [...keys.values()].map(apiKeyJson) })
  })

  router.post('/:id/api-keys', limiter, (req, res) => {
    const { id } = tenants.get(req.params.id)
    const body = Fields.ofOptionalBody(req.body)
    const label = body.text('label', { longest: 100, fallback: '' })
    body.rejectUnknownFields()
    const { key, secret } = tenants.issueKey(id, label, watch.now())
    // No other answer has the key, and no cache may store this one.
    res
      .status(201)
      .set('Cache-Control', 'no-store')
      .json({ ...apiKeyJson(key), key: secret })
  })

  router.delete('/:id/api-keys/:keyId', (req, res) => {
    tenants.revokeKey(req.params.id, req.params.keyId)
    res.status(204).end()
  })

  return router
}
