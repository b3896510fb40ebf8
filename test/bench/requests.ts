import { strict as assert } from 'node:assert'
import { IncomingMessage, ServerResponse } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Express, RequestHandler } from 'express'
import { socketFrom } from './addressed-socket.ts'
import { type Benchmark, type Figures, type Run, scaled } from './benchmark.ts'
import { type Family, freshAddress } from './client-addresses.ts'
import type { ContestantName, Gate, GateSettings } from './contestants/contestant.ts'
import { createGate, maxKeysFor, PACKAGES } from './contestants/contestants.ts'
import { median } from './statistics.ts'
import { spreadText } from './table.ts'

type Headers = GateSettings['headers']

/** Who sends the requests: 1000 clients in turn, one over a single connection, or a new one each time. */
type Clients = '1000 clients' | '1 connection' | 'new clients'

interface RequestSettings {
  readonly family: Family
  readonly clients: Clients
  readonly headers: Headers
  /** Where there are clients that come again. */
  readonly distinct: number
  readonly requests: number
}

/** As many again come before, for the compiler. */
const REQUESTS = 20_000
/** The two apps take turns at so many. */
const SLICE = 50
const CLIENTS = 1000
const LIMIT = 999_999_999
const WINDOW_MS = 3_600_000
/** What a browser or a load generator sends at least. */
const RAW_HEADERS: readonly string[] = [
  ...['Host', '127.0.0.1:3000', 'Connection', 'keep-alive', 'User-Agent', 'bench', 'Accept', '*/*'],
  ...['Accept-Encoding', 'gzip, deflate'],
]

const WORKLOADS: readonly (readonly [Family, Clients, Headers])[] = [
  ['IPv4', '1000 clients', 'legacy'],
  ['IPv6', '1000 clients', 'legacy'],
  ['mapped IPv4', '1000 clients', 'legacy'],
  ['IPv4', '1 connection', 'legacy'],
  ['IPv6', '1 connection', 'legacy'],
  ['IPv4', 'new clients', 'legacy'],
  ['IPv6', 'new clients', 'legacy'],
  ['IPv4', '1000 clients', 'draft'],
  ['IPv6', '1000 clients', 'draft'],
]

/** The documentation of rate-limiter-flexible has X-RateLimit headers only. */
const CONTESTANTS: Readonly<Record<Headers, readonly ContestantName[]>> = {
  legacy: [...PACKAGES, 'express-tollgate, metrics', 'bare Express', 'bare headers'],
  draft: PACKAGES.filter((name) => name !== 'rate-limiter-flexible'),
}

/** The name of a workload, for code that looks up its figures. */
export function requestWorkload(family: Family, clients: Clients, headers: Headers): string {
  return `${family}, ${clients}, ${headers === 'legacy' ? 'X-RateLimit' : 'RateLimit draft too'}`
}

export const requests: Benchmark<RequestSettings> = {
  name: 'requests',
  summary: 'microseconds that the middleware adds to a request through an Express 5 app, without a network',
  checked: 'status 200 and the headers, with limit and remaining, of every response; as many clients as sent',
  columns: [
    { figure: 'addedUs', heading: 'us added, median', text: spreadText },
    { figure: 'addedMeanUs', heading: 'us added, mean', text: spreadText },
    { figure: 'bareUs', heading: 'us of the bare app', text: spreadText },
  ],
  runs({ scale }) {
    return WORKLOADS.flatMap(([family, clients, headers]) =>
      CONTESTANTS[headers].map(
        (contestant): Run<RequestSettings> => ({
          workload: requestWorkload(family, clients, headers),
          contestant,
          settings: {
            ...{ family, clients, headers, distinct: scaled(CLIENTS, scale, 20) },
            requests: scaled(REQUESTS, scale, 200),
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
  const { requests: total, headers } = settings
  const maxKeys = maxKeysFor(total * 2)
  const gate = await createGate(contestant, { dist, limit: LIMIT, windowMs: WINDOW_MS, headers, maxKeys })
  const bare = await appWith()
  const limited = await appWith(gate.handler)
  const visits = new Visits(settings)
  await probe(limited, visits)
  const isFloor = contestant === 'bare Express' || contestant === 'bare headers'
  const check = isFloor ? checkPassed : checkAdmitted
  // The first half is for the compiler; its clients are counted, and its time is not.
  await takeTurns(bare, limited, visits, settings, check)
  const slices = await takeTurns(bare, limited, visits, settings, check)
  checkClients(gate, settings)
  const addedUs = slices.map(({ bareUs, limitedUs }) => limitedUs - bareUs)
  return {
    // A collection of garbage falls on one slice or another: the median knows none of them, the mean all.
    addedUs: median(addedUs),
    addedMeanUs: addedUs.reduce((sum, one) => sum + one, 0) / slices.length,
    bareUs: median(slices.map(({ bareUs }) => bareUs)),
  }
}

/** One request with its response, ready to be passed to an app. */
interface Visit {
  readonly req: IncomingMessage
  readonly res: ServerResponse
}

/** Makes requests. */
class Visits {
  readonly #settings: RequestSettings
  #made = 0
  #socket = socketFrom('0.0.0.0')

  constructor(settings: RequestSettings) {
    this.#settings = settings
    this.#socket = socketFrom(freshAddress(settings.family, 0))
  }

  makeOne(): Visit {
    const { family, clients, distinct } = this.#settings
    const index = this.#made++
    const number = clients === '1000 clients' ? index % distinct : index
    const socket = clients === '1 connection' ? this.#socket : socketFrom(freshAddress(family, number))
    const req = new IncomingMessage(socket)
    req.method = 'GET'
    req.url = '/'
    req.rawHeaders = [...RAW_HEADERS]
    return { req, res: new ServerResponse(req) }
  }
}

/** Called by the handler of either app: a request has arrived behind the middleware. */
let arrived: () => void = () => {}

async function appWith(...middleware: readonly RequestHandler[]): Promise<Express> {
  const { default: express } = await import('express')
  const app = express()
  for (const one of middleware) app.use(one)
  app.get('/', (_req, res) => {
    res.end('ok')
    arrived()
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
  bare: Express,
  limited: Express,
  visits: Visits,
  settings: RequestSettings,
  check: (res: ServerResponse, headers: Headers) => void,
): Promise<Slice[]> {
  const { requests: total, headers } = settings
  const forBare = new Visits(settings)
  const slices: Slice[] = []
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
  return slices
}

/** One request ahead of all others: what answers it before the handler does would be waited for in vain. */
async function probe(app: Express, visits: Visits): Promise<void> {
  let hasArrived = false
  arrived = () => {
    hasArrived = true
  }
  const { req, res } = visits.makeOne()
  app(req as Parameters<Express>[0], res as Parameters<Express>[1])
  while (!res.writableEnded) await nextTurn()
  assert.ok(hasArrived, 'every request reaches the handler')
}

/** What a slice took for each request, and what was answered. */
interface Passed {
  readonly us: number
  readonly responses: readonly ServerResponse[]
}

/**
 * One request after the other, each made just before it is passed, as a server does it: what was made long before
 * would have left the caches. Both apps pay for that, and for the promise that waits for the handler.
 */
async function pass(app: Express, visits: Visits, count: number): Promise<Passed> {
  const responses: ServerResponse[] = []
  const began = process.hrtime.bigint()
  for (let turn = 0; turn < count; turn++) {
    await new Promise<void>((resolve) => {
      arrived = resolve
      const { req, res } = visits.makeOne()
      responses.push(res)
      app(req as Parameters<Express>[0], res as Parameters<Express>[1])
    })
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

function checkClients({ clients: remembered }: Gate, settings: RequestSettings): void {
  const { clients, distinct, requests: total } = settings
  const expected = { '1000 clients': distinct, '1 connection': 1, 'new clients': 2 * total + 1 }[clients]
  assert.equal(remembered() ?? expected, expected, 'each client has a count of its own')
}
