import { Router } from 'express'
import type { RateLimiter } from 'express-tollgate'
import { seedDemo } from '../domain/demo.ts'
import type { Watch } from '../domain/watch.ts'
import { operatorOnly } from '../http/access.ts'
import { sessionJson } from '../http/views.ts'
import { Fields } from '../validation/fields.ts'

/** Invented sessions for a demonstration. `limiter` is stricter than the limiter of all requests. */
export function demoRoutes(watch: Watch, limiter: RateLimiter): Router {
  const router = Router()
  router.post('/seed', limiter, operatorOnly, (req, res) => {
    const body = Fields.ofOptionalBody(req.body)
    const sessions = body.wholeNumber('sessions', { least: 1, most: 20, fallback: 5 })
    const seed = body.wholeNumber('seed', { least: 0, most: 2 ** 32 - 1, fallback: 1 })
    body.rejectUnknownFields()
    const seeded = seedDemo(watch, { sessions, seed })
    res.status(201).json({ seed, sessions: seeded.map(sessionJson) })
  })
  return router
}
