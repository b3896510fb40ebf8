import type { RequestHandler } from 'express'
import methodOverride from 'method-override'
import { describe, expect, it } from 'vitest'
import { assertEveryRouteLimited, auditRoutes } from '../../../src/tools/audit/index.ts'
import { canChangeMethod } from '../../../src/tools/audit/middleware-kind.ts'
import { EXPRESS_VERSIONS } from './express-versions.ts'
import { answer, limiter, lines, whyOf } from './route-fixtures.ts'

const ORDER =
  "Function methodOverride runs after limiter 'default' and changes the method, so a write can be charged as a read. " +
  'Mount it before the limiter.'
const override = (): RequestHandler => methodOverride('_method')

describe.each(EXPRESS_VERSIONS)('a method override on Express $name', ({ express }) => {
  it.each([['_method'], ['X-My-Method'], [() => 'DELETE']])('is not proven after a limiter: %s', (getter) => {
    const app = express()
    app.use(limiter())
    app.get('/before', answer)
    app.use(methodOverride(getter))
    app.delete('/x', answer)
    const { routes } = auditRoutes(app)
    expect(lines(routes, true)).toEqual([
      'GET /before: limited',
      'DELETE /x: not-proven',
      'ALL (no route: 404): not-proven',
    ])
    expect(whyOf(routes, '/x')).toBe(ORDER)
    expect(() => assertEveryRouteLimited(app)).toThrow(ORDER)
  })

  it('is accepted before the limiter, on all paths and on one', () => {
    for (const path of ['/', '/x']) {
      const app = express()
      app.use(path, override())
      app.use(limiter())
      app.delete('/x', answer)
      expect(lines(assertEveryRouteLimited(app).routes, true)).toEqual([
        'DELETE /x: limited',
        'ALL (no route: 404): limited',
      ])
    }
  })

  it('is not proven where the same limiter comes again after it, and proven where another one comes', () => {
    const stateWith = (first: RequestHandler, second: RequestHandler): string | undefined => {
      const app = express()
      app.use(first)
      app.use(override())
      app.delete('/x', second, answer)
      return auditRoutes(app).routes[0]?.state
    }
    const same = limiter()
    expect(stateWith(same, same)).toBe('not-proven')
    expect(stateWith(limiter(), limiter({ name: 'second' }))).toBe('limited')
    // It charges nothing for a read, and so it charges the write when it meets the request again.
    const writes = limiter({ read: false })
    expect(stateWith(writes, writes)).toBe('limited')
    expect(stateWith(limiter({ classifiedBy: 'function' }), answer)).toBe('limited')
  })

  it('counts in a router for what follows the router, also for limiters of that router', () => {
    const inner = express.Router()
    inner.use(limiter({ name: 'inner' }))
    inner.use(override())
    const app = express()
    app.use(inner)
    app.delete('/x', answer)
    expect(whyOf(auditRoutes(app).routes, '/x')).toBe(ORDER.replace('default', 'inner'))
    const writes = express.Router()
    writes.use(limiter({ read: false }))
    writes.use(override())
    const outer = express()
    outer.use(writes)
    outer.delete('/x', answer)
    expect(whyOf(auditRoutes(outer).routes, '/x')).toBe(
      "Function methodOverride runs between limiter 'default' and this route, and may change the path or the " +
        'method of requests.',
    )
  })

  it('of the name methodOverride only is listed like any other middleware', () => {
    const app = express()
    app.use(function methodOverride(_req, res, next) {
      if (res.headersSent) next()
      else res.end()
    })
    app.use(limiter())
    expect(lines(auditRoutes(app).routes, true)[0]).toBe(
      "ALL (middleware before limiter 'default'): not-proven",
    )
  })
})

it.each<[string, (...args: never[]) => unknown, boolean]>([
  ['a function', (req: { method: string }, _res: unknown, _next: unknown) => (req.method = 'GET'), true],
  [
    'an async function',
    async ($: { method: string }, _res: unknown, _next: unknown) => ($.method = 'GET'),
    true,
  ],
  [
    'a method',
    {
      run(q: { method: string }, _s: unknown, _n: unknown) {
        q.method = 'GET'
      },
    }.run,
    true,
  ],
  [
    'of another object',
    (_req: unknown, init: { method: string }, _next: unknown) => (init.method = 'GET'),
    false,
  ],
  [
    'of a part',
    (req: { up: { method: string } }, _res: unknown, _next: unknown) => (req.up.method = 'A'),
    false,
  ],
  ['compared', (req: { method: string }, _res: unknown, _next: unknown) => req.method === 'GET', false],
  ['without next', (req: { method: string }, _res: unknown) => (req.method = 'GET'), false],
])('the audit sees an assignment to the method: %s', (_where, assigning, expected) => {
  expect(canChangeMethod(assigning as (...args: unknown[]) => unknown as never)).toBe(expected)
})
