import { strict as assert } from 'node:assert'
import type { ServerResponse } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Express, RequestHandler } from 'express'
import { type Benchmark, type Figures, type Run, scaled } from './benchmark.ts'
import type { Family } from './client-addresses.ts'
import type { ContestantName, Gate, GateSettings } from './contestants/contestant.ts'
import { createGate, maxKeysFor, PACKAGES } from './contestants/contestants.ts'
import { median } from './statistics.ts'
import { spreadText } from './table.ts'
import { type Clients, type VisitSettings, Visits } from './visits.ts'

type Headers = GateSettings['headers']

/** How the requests meet the middleware. Refused are all requests of a client but its first. */
type Way = 'one limiter' | 'two limiters' | 'behind a proxy' | 'refused'

interface RequestSettings extends VisitSettings {
  readonly headers: Headers
  readonly way: Way
  readonly requests: number
}

/** As many again come before, for the compiler. */
const REQUESTS = 20_000
/** The two apps take turns at so many. */
const SLICE = 50
const CLIENTS = 1000
const LIMIT = 999_999_999
const WINDOW_MS = 3_600_000

/** Those that the goals are about come first. */
const WORKLOADS: readonly (readonly [Family, Clients, Headers, Way])[] = [
  ['IPv4', '1000 clients', 'legacy', 'one limiter'],
  ['IPv6', '1000 clients', 'legacy', 'one limiter'],
  ['IPv4', '1000 clients', 'draft', 'one limiter'],
  ['IPv4', '1000 clients', 'legacy', 'two limiters'],
  ['IPv4', '1000 clients', 'legacy', 'behind a proxy'],
  ['IPv4', '1000 clients', 'legacy', 'refused'],
  ['IPv6', '1000 clients', 'draft', 'one limiter'],
  ['mapped IPv4', '1000 clients', 'legacy', 'one limiter'],
  ['IPv4', '1 connection', 'legacy', 'one limiter'],
  ['IPv6', '1 connection', 'legacy', 'one limiter'],
  ['IPv4', 'new clients', 'legacy', 'one limiter'],
  ['IPv6', 'new clients', 'legacy', 'one limiter'],
]

const FLOORS: readonly ContestantName[] = ['bare Express', 'bare headers', 'floor']

function contestantsOf(way: Way, headers: Headers): readonly ContestantName[] {
  // The documentation of rate-limiter-flexible has X-RateLimit headers only.
  if (headers === 'draft') return PACKAGES.filter((name) => name !== 'rate-limiter-flexible')
  if (way === 'refused') return [...PACKAGES, 'bare 429, same fields']
  return way === 'one limiter' ? [...PACKAGES, 'express-tollgate, metrics', ...FLOORS] : PACKAGES
}

/** The name of a workload, for code that looks up its figures. */
export function requestWorkload(
  family: Family,
  clients: Clients,
  headers: Headers,
  way: Way = 'one limiter',
): string {
  const fields = headers === 'legacy' ? 'X-RateLimit' : 'RateLimit draft too'
  return [family, clients, fields, ...(way === 'one limiter' ? [] : [way])].join(', ')
}

export const requests: Benchmark<RequestSettings> = {
  name: 'requests',
  summary: 'microseconds that the middleware adds to a request through an Express 5 app, without a network',
  checked:
    'status and headers, with limit and remaining, of every response; as many clients as sent; who reached the handler',
  columns: [
    { figure: 'addedUs', heading: 'us added, median', text: spreadText },
    { figure: 'addedMeanUs', heading: 'us added, mean', text: spreadText },
    { figure: 'bareUs', heading: 'us of the bare app', text: spreadText },
  ],
  runs({ scale }) {
    return WORKLOADS.flatMap(([family, clients, headers, way]) =>
      contestantsOf(way, headers).map(
        (contestant): Run<RequestSettings> => ({
          workload: requestWorkload(family, clients, headers, way),
          contestant,
          settings: {
            ...{ family, clients, headers, way, isProxied: way === 'behind a proxy' },
            ...{ distinct: scaled(CLIENTS, scale, 20), requests: scaled(REQUESTS, scale, 200) },
          },
        }),
      ),
    )
  },
  measure,
}

async function measure(
  contestant: ContestantName,
  settings: RequestSettings,
  dist: string,
): Promise<Figures> {
  const { requests: total, headers, way } = settings
  const isRefused = way === 'refused'
  const limit = isRefused ? 1 : LIMIT
  const gateSettings = { dist, limit, windowMs: WINDOW_MS, headers, maxKeys: maxKeysFor(total * 2) }
  const count = way === 'two limiters' ? 2 : 1
  const gates = await Promise.all(Array.from({ length: count }, () => createGate(contestant, gateSettings)))
  const bare = await appWith(settings)
  const limited = await appWith(settings, ...gates.map(({ handler }) => handler))
  const visits = new Visits(settings)
  const isSilent = contestant === 'bare Express' || contestant === 'bare headers'
  const check = isRefused ? checkRefused : isSilent ? checkPassed : checkAdmitted
  const first = isRefused ? settings.distinct : 1
  const isBare429 = contestant === 'bare 429, same fields'
  for (let turn = 0; turn < first; turn++) await probe(limited, visits, !isBare429)
  // The first half is for the compiler; its clients are counted, and its time is not.
  await takeTurns([bare, limited], visits, settings, check)
  const slices = await takeTurns([bare, limited], visits, settings, check)
  for (const gate of gates) checkClients(gate, settings)
  const addedUs = slices.map(({ bareUs, limitedUs }) => limitedUs - bareUs)
  return {
    // A collection of garbage falls on one slice or another: the median knows none of them, the mean all.
    addedUs: median(addedUs),
    addedMeanUs: addedUs.reduce((sum, one) => sum + one, 0) / slices.length,
    bareUs: median(slices.map(({ bareUs }) => bareUs)),
  }
}

/** Requests that have arrived at the handler, behind the middleware. */
let arrivals = 0

async function appWith(
  { isProxied }: RequestSettings,
  ...middleware: readonly RequestHandler[]
): Promise<Express> {
  const { default: express } = await import('express')
  const app = express()
  if (isProxied) app.set('trust proxy', 1)
  for (const one of middleware) app.use(one)
  app.get('/', (_req, res) => {
    arrivals++
    res.end('ok')
  })
  return app
}

/** What one request took on average, of those of a slice. */
interface Slice {
  readonly bareUs: number
  readonly limitedUs: number
}

/** Passes as many requests to the one app as to the other, some to this and some to that. */
async function takeTurns(
  [bare, limited]: readonly [Express, Express],
  visits: Visits,
  settings: RequestSettings,
  check: (res: ServerResponse, headers: Headers) => void,
): Promise<Slice[]> {
  const { requests: total, headers, way } = settings
  const forBare = new Visits(settings)
  const slices: Slice[] = []
  const arrivedBefore = arrivals
  for (let done = 0; done < total; done += SLICE) {
    const count = Math.min(SLICE, total - done)
    const toBare = (): Promise<Passed> => pass(bare, forBare, count)
    const toLimited = (): Promise<Passed> => pass(limited, visits, count)
    // The second contestant finds the caches warmer.
    const isBareFirst = slices.length % 2 === 0
    const first = await (isBareFirst ? toBare() : toLimited())
    const second = await (isBareFirst ? toLimited() : toBare())
    const [passedBare, passedLimited] = isBareFirst ? [first, second] : [second, first]
    slices.push({ bareUs: passedBare.us, limitedUs: passedLimited.us })
    for (const res of passedBare.responses) checkPassed(res)
    for (const res of passedLimited.responses) check(res, headers)
  }
  assert.equal(arrivals - arrivedBefore, way === 'refused' ? total : 2 * total, 'who reached the handler')
  return slices
}

/** A request ahead of the others, waited for with patience: whether it reaches the handler as it should. */
async function probe(app: Express, visits: Visits, isAdmitted: boolean): Promise<void> {
  const arrivedBefore = arrivals
  const { req, res } = visits.makeOne()
  app(req as Parameters<Express>[0], res as Parameters<Express>[1])
  while (!res.writableEnded) await nextTurn()
  assert.equal(arrivals - arrivedBefore, isAdmitted ? 1 : 0, 'every request reaches the handler')
}

/** What a slice took for each request, and what was answered. */
interface Passed {
  readonly us: number
  readonly responses: readonly ServerResponse[]
}

/**
 * One request after the other, each made just before it is passed, as a server does it: what was made long before
 * would have left the caches. Both apps pay for that, and for the wait for an answer.
 */
async function pass(app: Express, visits: Visits, count: number): Promise<Passed> {
  const responses: ServerResponse[] = []
  const began = process.hrtime.bigint()
  for (let turn = 0; turn < count; turn++) {
    const { req, res } = visits.makeOne()
    responses.push(res)
    app(req as Parameters<Express>[0], res as Parameters<Express>[1])
    // Nobody here waits for more than promises that are settled already.
    do await undefined
    while (!res.writableEnded)
  }
  return { us: Number(process.hrtime.bigint() - began) / 1000 / count, responses }
}

function checkPassed(res: ServerResponse): void {
  assert.equal(res.statusCode, 200, 'every request is admitted')
  assert.ok(res.writableEnded, 'the handler has answered')
}

function checkAdmitted(res: ServerResponse, headers: Headers): void {
  checkPassed(res)
  assert.equal(String(res.getHeader('X-RateLimit-Limit')), String(LIMIT))
  const remaining = Number(res.getHeader('X-RateLimit-Remaining'))
  assert.ok(remaining < LIMIT && remaining > LIMIT / 2, `${remaining} remain`)
  const resetSec = Number(res.getHeader('X-RateLimit-Reset'))
  assert.ok(Math.abs(resetSec - (Date.now() + WINDOW_MS) / 1000) < WINDOW_MS / 1000, `reset at ${resetSec}`)
  if (headers === 'legacy') return
  assert.match(String(res.getHeader('RateLimit')), /^".+"; ?r=\d+; ?t=\d+/)
  assert.match(String(res.getHeader('RateLimit-Policy')), new RegExp(`^".+"; ?q=${LIMIT}; ?w=3600`))
}

function checkRefused(res: ServerResponse): void {
  assert.equal(res.statusCode, 429, 'every request but the first of a client is refused')
  assert.ok(res.writableEnded, 'the limiter has answered')
  assert.equal(String(res.getHeader('X-RateLimit-Limit')), '1')
  assert.equal(String(res.getHeader('X-RateLimit-Remaining')), '0')
  assert.ok(Number(res.getHeader('Retry-After')) > 0, 'it says when to come back')
}

function checkClients({ clients: remembered }: Gate, settings: RequestSettings): void {
  const { clients, distinct, requests: total } = settings
  const expected = { '1000 clients': distinct, '1 connection': 1, 'new clients': 2 * total + 1 }[clients]
  assert.equal(remembered() ?? expected, expected, 'each client has a count of its own')
}
