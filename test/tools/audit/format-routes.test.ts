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
  read: limits(1000),
  write: [],
  state: 'limited',
  why: '',
}

it('aligns the columns and shows the limits of the method', () => {
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
      { ...entry, method: 'ALL', path: '/static/*', write: limits(200) },
      { ...entry, method: 'ALL', path: '/half', state: 'unlimited' },
      { ...entry, method: 'ALL', path: '/open', limiters: [], read: [], state: 'unlimited' },
      { ...entry, read: [{ name: 'default', limit: 'dynamic', windowSec: 60, algorithm: 'fixed-window' }] },
    ],
  })
  expect(report).toBe(
    [
      'METHOD  PATH       LIMITS                        LIMITERS        STATE',
      'GET     /x         1000/60s                      default         limited',
      'POST    /login     200/60s, 5/900s               default, login  limited',
      'ALL     /static/*  read 1000/60s, write 200/60s  default         limited',
      'ALL     /half      read 1000/60s, write -        default         unlimited',
      'ALL     /open      -                             -               unlimited',
      'GET     /x         dynamic/60s                   default         limited',
    ].join('\n'),
  )
})

it('escapes every character of a path that is not printable ASCII', () => {
  const report = formatRoutes({ routes: [{ ...entry, path: '/caf\u00e9\n' }] })
  expect(report.split('\n')).toEqual([
    'METHOD  PATH              LIMITS    LIMITERS  STATE',
    'GET     /caf\\u00e9\\u000a  1000/60s  default   limited',
  ])
})
