import { Router } from 'express'
import type { Budgets } from '../budgets.ts'
import { PLAN_NAMES } from '../domain/plans.ts'
import { usageOf } from '../domain/usage.ts'
import type { Watch } from '../domain/watch.ts'
import { operatorOnly } from '../http/access.ts'
import { tenantJson } from '../http/views.ts'
import { Fields } from '../validation/fields.ts'
import { pageOf, readPage } from '../validation/page.ts'

/** Tenants, their plans and their usage. */
export function tenantRoutes(watch: Watch, budgets: Budgets): Router {
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
    const plan = body.choice('plan', PLAN_NAMES, 'free')
    const budgetUsd = body.optionalNumber('budgetUsd', { least: 0, most: 1_000_000_000 })
    body.rejectUnknownFields()
    const tenant = tenants.create({ name, plan, budgetUsd }, watch.now())
    res.status(201).location(`/api/v1/tenants/${tenant.id}`).json(tenantJson(tenant))
  })

  router.get('/:id', (req, res) => {
    res.json(tenantJson(tenants.get(req.params.id)))
  })

  router.patch('/:id', (req, res) => {
    const { id } = tenants.get(req.params.id)
    const body = Fields.ofBody(req.body)
    const plan = body.choice('plan', PLAN_NAMES)
    body.rejectUnknownFields()
    res.json(tenantJson(tenants.setPlan(id, plan)))
  })

  router.delete('/:id', (req, res) => {
    tenants.remove(req.params.id)
    res.status(204).end()
  })

  router.get('/:id/usage', async (req, res) => {
    const tenant = tenants.get(req.params.id)
    res.json({ ...usageOf(watch, tenant), ...(await budgets.figuresOf(tenant)) })
  })

  return router
}
