import { Router } from 'express'
import { totalUsdOf } from '../domain/cost.ts'
import { type SafetyPolicy, violationsOf } from '../domain/safety-policy.ts'
import type { Watch } from '../domain/watch.ts'
import { operatorOnly } from '../http/access.ts'
import { identityOf } from '../http/identity.ts'
import { readEvent } from '../validation/event-fields.ts'
import { Fields } from '../validation/fields.ts'
import { pageOf, readPage } from '../validation/page.ts'

const LIST = { most: 100, longest: 200 }

/** The safety policy: read it, replace it, list the blocked events, and check an event. */
export function safetyRoutes(watch: Watch): Router {
  const router = Router()
  const { safety } = watch

  const policyJson = (): object => ({
    ...safety.policy,
    revision: safety.revision,
    changedAt: new Date(safety.changedMs).toISOString(),
  })

  router.get('/policy', (_req, res) => {
    res.json(policyJson())
  })

  router.put('/policy', operatorOnly, (req, res) => {
    safety.replacePolicy(readPolicy(Fields.ofBody(req.body)), watch.now())
    res.json(policyJson())
  })

  router.get('/blocked', operatorOnly, (req, res) => {
    const query = Fields.ofQuery(req.query)
    const page = readPage(query)
    query.rejectUnknownFields()
    res.json({ ...pageOf(safety.blocked(), page, (entry) => entry), everBlocked: safety.blockedCount })
  })

  router.post('/check', (req, res) => {
    const body = Fields.ofBody(req.body)
    const sessionId = body.optionalText('sessionId', 100)
    const event = readEvent(body, watch.now())
    body.rejectUnknownFields()
    const session = sessionId === null ? null : watch.sessions.get(sessionId, identityOf(res).tenantId)
    const violations = violationsOf(safety.policy, event, totalUsdOf(session?.events ?? []))
    res.json({ allowed: violations.length === 0, violations, policyRevision: safety.revision })
  })

  return router
}

function readPolicy(body: Fields): SafetyPolicy {
  const policy = {
    blockedTools: body.texts('blockedTools', LIST, []),
    blockedPatterns: body.texts('blockedPatterns', LIST, []),
    maxSessionCostUsd: body.optionalNumber('maxSessionCostUsd', { least: 0, most: 1_000_000 }),
    maxEventTokens: body.optionalNumber('maxEventTokens', { least: 1, most: 100_000_000 }),
  }
  body.rejectUnknownFields()
  return policy
}
