import type { RouteEntry } from 'express-tollgate/audit'
import { expect, it } from 'vitest'
import { formatRouteTable } from '../../../../examples/agentwatch/http/route-table.ts'

type LimitDescription = RouteEntry['read'][number]

const perMinute = (name: string, limit: number): LimitDescription => ({
  name,
  limit,
  windowSec: 60,
  algorithm: 'fixed-window',
})

const inFlight: readonly LimitDescription[] = (['free', 'team'] as const).map((plan, index) => ({
  plan,
  allMethods: true,
  name: 'in-flight-any',
  limit: index + 1,
  windowSec: 1,
  algorithm: 'in-flight',
}))

const route = (parts: Partial<RouteEntry>): RouteEntry => ({
  method: 'GET',
  path: '/',
  kind: 'route',
  limiters: [],
  inDoubt: [],
  read: [],
  write: [],
  state: 'limited',
  why: '',
  ...parts,
})

it('has a line for each limit, with its plan, and a limit of all methods once', () => {
  const [read, write] = [perMinute('read', 1000), perMinute('write', 200)]
  const tokens: LimitDescription = {
    ...perMinute('tokens', 5),
    plan: 'free',
    unit: 'tokens',
    algorithm: 'calendar-window',
    calendar: { per: 'month', timeZone: 'Europe/Berlin', startsOn: 1 },
  }
  const routes = [
    route({ method: 'DELETE', write: [write] }),
    route({
      method: 'ALL',
      path: '/events/*',
      read: [read, ...inFlight],
      write: [write, ...inFlight, tokens],
    }),
  ]
  expect(formatRouteTable({ routes }).split('\n')).toEqual([
    'METHOD  PATH       LIMITS',
    'DELETE  /          write: 200 in 60 s',
    'ALL     /events/*  read: 1000 in 60 s',
    '                   free: 1 requests at once',
    '                   team: 2 requests at once',
    '                   write: 200 in 60 s',
    '                   free: 5 tokens/month',
  ])
})
