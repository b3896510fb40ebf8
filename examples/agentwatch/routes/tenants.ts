import { Router } from 'express'
import { usageOf } from '../domain/usage.ts'
import type { Watch } from '../domain/watch.ts'
import { operatorOnly } from '../http/access.ts'
import { tenantJson } from '../http/views.ts'
import { Fields } from '../validation/fields.ts'
import { pageOf, readPage } from '../validation/page.ts'

/** Tenants and their usage. */
export function tenantRoutes(watch: Watch): Router {
  const router = Router()
  const { tenants } = watch
  router.use(operatorOnly)

  router.get('/', (req, res) => {
    const query = Fields.ofQuery(req.query)
    const page = readPage(query)
    query.rejectUnknownFields()
    res.json(pageOf(tenants.list(), page, tenantJson))
  })

  router.post('/', (req, res) => {
    const body = Fields.ofBody(req.body)
    const name = body.text('name', { longest: 100 })
    const budgetUsd = body.optionalNumber('budgetUsd', { least: 0, most: 1_000_000_000 })
    body.rejectUnknownFields()
    const tenant = tenants.create({ name, budgetUsd }, watch.now())
    res.status(201).location(`/api/v1/tenants/${tenant.id}`).json(tenantJson(tenant))
  })

  router.get('/:id', (req, res) => {
    res.json(tenantJson(tenants.get(req.params.id)))
  })

  router.delete('/:id', (req, res) => {
    tenants.remove(req.params.id)
    res.status(204).end()
  })

  router.get('/:id/usage', (req, res) => {
    res.json(usageOf(watch, tenants.get(req.params.id)))
  })

  return router
}
