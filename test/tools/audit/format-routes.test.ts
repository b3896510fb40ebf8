import { expect, it } from 'vitest'
import { LIMITER_DESCRIPTION } from '../../../src/limits/limiter-description.ts'
import { formatRoutes, type RouteEntry } from '../../../src/tools/audit/index.ts'
import { limits, markedLimiter } from './marked-limiter.ts'

const limiter = markedLimiter()[LIMITER_DESCRIPTION]
const entry: RouteEntry = {
  method: 'GET',
  path: '/x',
  kind: 'route',
  limiters: [limiter],
  inDoubt: [],
  read: limits(1000),
  write: [],
  state: 'limited',
  why: 'The reason.',
}

it('aligns the columns, shows the limits of the method, and says why where a route is not plainly limited', () => {
  const login = { ...limiter, name: 'login' }
  const report = formatRoutes({
    routes: [
      entry,
      {
        ...entry,
        method: 'POST',
        path: '/login',
        limiters: [limiter, login],
        read: [],
        write: [...limits(200), ...limits(5, 900)],
      },
      { ...entry, method: 'ALL', path: '/static/*', kind: 'static', write: limits(200) },
      { ...entry, method: 'ALL', path: '/half', state: 'unlimited' },
      { ...entry, method: 'ALL', path: '/open', limiters: [], read: [], state: 'unlimited' },
      { ...entry, read: [{ name: 'default', limit: 'dynamic', windowSec: 60, algorithm: 'fixed-window' }] },
      {
        ...entry,
        read: [
          {
            name: 'default',
            limit: 5,
            windowSec: 97_200,
            algorithm: 'calendar-window',
            calendar: { per: 'day', timeZone: 'UTC', startsOn: 1 },
          },
        ],
      },
    ],
  })
  expect(report).toBe(
    [
      'METHOD  PATH       LIMITS                        LIMITERS        STATE      WHY',
      'GET     /x         1000/60s                      default         limited',
      'POST    /login     200/60s, 5/900s               default, login  limited',
      'ALL     /static/*  read 1000/60s, write 200/60s  default         limited    The reason.',
      'ALL     /half      read 1000/60s, write -        default         unlimited  The reason.',
      'ALL     /open      -                             -               unlimited  The reason.',
      'GET     /x         dynamic/60s                   default         limited',
      'GET     /x         5/day (UTC)                   default         limited',
    ].join('\n'),
  )
})

it('shows what a limit counts, and limits of requests in flight without a window', () => {
  const [limit] = limits(1000)
  const read = [
    { name: 'llm', limit: 500, windowSec: 60, algorithm: 'token-bucket', burst: 50, unit: 'tokens' },
    { name: 'exports', limit: 5, windowSec: 1, algorithm: 'in-flight' },
    ...(limit === undefined ? [] : [limit]),
  ] as const
  expect(formatRoutes({ routes: [{ ...entry, read }] })).toContain(
    '500 tokens/60s burst 50, 5 at once, 1000/60s',
  )
})

it('escapes every character of a path that is not printable ASCII', () => {
  const report = formatRoutes({ routes: [{ ...entry, path: '/caf\u00e9\n' }] })
  expect(report.split('\n')).toEqual([
    'METHOD  PATH              LIMITS    LIMITERS  STATE    WHY',
    'GET     /caf\\u00e9\\u000a  1000/60s  default   limited',
  ])
})

it('puts what is reachable around a limiter first, marks limiters in doubt, and ends with early middleware', () => {
  const login = { ...limiter, name: 'login' }
  const bypass = { request: 'POST /v1//login', limiters: ['login'] }
  const report = formatRoutes({
    routes: [
      { ...entry, kind: 'ahead', path: '(middleware)', why: '2 middleware stand here.', middleware: [] },
      entry,
      { ...entry, path: '/after', inDoubt: [login] },
      {
        ...entry,
        method: 'POST',
        path: '/v1/login',
        limiters: [],
        read: [],
        inDoubt: [login],
        state: 'unlimited',
        bypass,
      },
    ],
  })
  expect(report).toBe(
    [
      'METHOD  PATH       LIMITS    LIMITERS         STATE      WHY',
      'POST    /v1/login  -         login?           unlimited  The reason.',
      'GET     /x         1000/60s  default          limited',
      'GET     /after     1000/60s  default, login?  limited    The reason.',
      '',
      '2 middleware stand here.',
    ].join('\n'),
  )
})

it('says which version of Express keeps the paths of mounts', () => {
  const report = formatRoutes({ routes: [{ ...entry, path: '(unknown mount)/x' }] })
  expect(report).toMatch(
    /\n\n\(unknown mount\): this version of Express does not keep .* Express 5\.3 keeps them\.$/,
  )
})
