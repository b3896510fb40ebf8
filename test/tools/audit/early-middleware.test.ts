import { describe, expect, it } from 'vitest'
import { auditRoutes, type RouteReport } from '../../../src/tools/audit/index.ts'
import { thrownBy } from '../../support/thrown-by.ts'
import { EXPRESS_VERSIONS } from './express-versions.ts'
import { answer, limiter, pass } from './route-fixtures.ts'

function corsMiddleware(_req: unknown, _res: unknown, next: () => void): void {
  next()
}

const ahead = ({ routes }: RouteReport) => routes.filter(({ kind }) => kind === 'ahead')

describe.each(EXPRESS_VERSIONS)(
  'middleware before a limiter on Express $name',
  ({ express, keepsMounts }) => {
    const appOf = (...names: string[]) => {
      const app = express()
      for (const name of names) app.use(Object.defineProperty(pass.bind(undefined), 'name', { value: name }))
      return app
    }

    it('is one entry for all, with all names and what follows from it', () => {
      const app = express()
      app.use(corsMiddleware, express.json(), pass, pass)
      app.use(limiter())
      app.get('/x', answer)
      const report = auditRoutes(app)
      expect(ahead(report)).toHaveLength(1)
      expect(report.routes[0]).toMatchObject({
        kind: 'ahead',
        method: 'ALL',
        path: "(middleware before limiter 'default')",
        state: 'not-proven',
        middleware: [{ name: 'corsMiddleware' }, { name: 'jsonParser' }, { name: 'pass' }, { name: 'pass' }],
        why:
          "4 middleware stand before limiter 'default': corsMiddleware, jsonParser, pass (2 times). " +
          'No limiter counts the requests that it answers itself. ' +
          'It reads the bodies of requests that a limiter would refuse (jsonParser). ' +
          'corsMiddleware belongs before a limiter: without its headers a page cannot read a refusal.',
      })
    })

    it('is one entry for each limiter that follows, and one where none does', () => {
      const app = express()
      app.use(pass)
      const one = express.Router()
      one.use(corsMiddleware, limiter({ name: 'one' }))
      const two = express.Router()
      two.use(corsMiddleware)
      app.use('/one', one).use('/two', two)
      const mount = (path: string): string => (keepsMounts ? path : '(unknown mount)')
      expect(ahead(auditRoutes(app)).map(({ path, why }) => [path, why.split('. ')[0]])).toEqual([
        ['(middleware)', `No limiter runs before 2 middleware: pass, corsMiddleware on ${mount('/two')}/*`],
        [
          "(middleware before limiter 'one')",
          `1 middleware stands before limiter 'one': corsMiddleware on ${mount('/one')}/*`,
        ],
      ])
    })

    it('says why it is in doubt whether a limiter runs before it', () => {
      const app = express()
      const skipping = express.Router()
      skipping.use(limiter({ canSkip: true }), pass)
      app.use(skipping)
      expect(ahead(auditRoutes(app)).map(({ why }) => why)).toEqual([
        "1 middleware may run without a limiter: pass. The skip function of limiter 'default' can exempt requests. " +
          'No limiter counts the requests that it answers itself.',
      ])
    })

    it('is not listed where its name is allowed', () => {
      const app = appOf('corsMiddleware', 'helmetMiddleware', 'other').use(limiter())
      const names = (allowBefore: string[]) =>
        ahead(auditRoutes(app, { allowBefore })).map(({ middleware }) => middleware?.map(({ name }) => name))
      expect(names(['corsMiddleware'])).toEqual([['helmetMiddleware', 'other']])
      expect(names(['corsMiddleware', 'helmetMiddleware', 'other'])).toEqual([])
    })
  },
)

describe('mistakes in the option allowBefore', () => {
  const version = EXPRESS_VERSIONS[0]
  it.each<[string, unknown, string]>([
    [
      'a name that no middleware before a limiter has',
      ['corsMiddelware'],
      "allowBefore[0]: is the name of no middleware before a limiter, got 'corsMiddelware'. Did you mean 'corsMiddleware'? Remove it, or give one of corsMiddleware, pass.",
    ],
    [
      'a text',
      'corsMiddleware',
      "allowBefore: must be an array of names of functions, got 'corsMiddleware'. Give the names that the report shows, such as ['corsMiddleware', 'helmetMiddleware'].",
    ],
    [
      'a function',
      ['pass', corsMiddleware],
      "allowBefore[1]: must be the name of a function, got the function corsMiddleware. Give the names that the report shows, such as ['corsMiddleware', 'helmetMiddleware'].",
    ],
  ])('are errors: %s', (_mistake, allowBefore, message) => {
    const app = version?.express().use(corsMiddleware, pass, limiter())
    const error = thrownBy(() => auditRoutes(app, { allowBefore: allowBefore as string[] }))
    expect(error).toMatchObject({ code: 'invalid_option', message })
  })

  it('are errors where no middleware stands before a limiter', () => {
    const app = version?.express().use(limiter(), pass)
    expect(() => auditRoutes(app, { allowBefore: ['pass'] })).toThrow(
      "allowBefore[0]: is the name of no middleware before a limiter, got 'pass'. Remove it: no middleware stands before a limiter.",
    )
  })
})
