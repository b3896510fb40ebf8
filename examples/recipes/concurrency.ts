/**
 * Reports that take seconds to make. A client may have two reports in the making at a time. Three more of its requests wait
 * for a place, for five seconds at most. Others are refused with `Retry-After: 1`.
 *
 * A place is given back when the response closes: at its end, after an error, and when the client hangs up. So the work must
 * end with the response. `pipeline` sees to that: it ends the generator of the rows.
 *
 * The rate limit before it has another purpose. Without it, a client could have short reports made again and again.
 *
 * Each process counts alone. Several processes share places with `store: new RedisLeases({ client })` of
 * `express-tollgate/redis`. Behind a proxy, set `trust proxy` of the app. Otherwise all clients have the address of the proxy.
 *
 * Run it with: npx tsx --tsconfig examples/tsconfig.json examples/recipes/concurrency.ts
 *
 *   for n in 1 2 3 4 5 6; do curl -si http://127.0.0.1:3000/reports/2026 | head -1 & done; wait
 */
import type { AddressInfo } from 'node:net'
import { pipeline, Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import express, { type Express } from 'express'
import { createRateLimiter } from 'express-tollgate'
import { assertEveryRouteLimited } from 'express-tollgate/audit'
import { createConcurrencyLimiter } from 'express-tollgate/concurrency'

/** For tests. */
interface Options {
  /** Resolves when the next row of a report is ready. */
  readonly nextRow?: () => Promise<unknown>
  /** How long a request waits for a place, in milliseconds. */
  readonly timeoutMs?: number
}

/** The app: one limiter of requests in a minute, and one of reports at a time. */
export function createApp({ nextRow = () => sleep(250), timeoutMs = 5000 }: Options = {}): Express {
  const app = express()
  const reports = createConcurrencyLimiter({
    name: 'reports',
    limit: 2,
    queue: { size: 3, timeoutMs },
    standardHeaders: true,
  })
  let inTheMaking = 0

  async function* rowsOf(year: string): AsyncGenerator<string> {
    inTheMaking++
    try {
      yield 'month,orders\n'
      for (let month = 1; month <= 12; month++) {
        await nextRow()
        yield `${year}-${String(month).padStart(2, '0')},${month * 7}\n`
      }
    } finally {
      inTheMaking--
    }
  }

  app.use(createRateLimiter({ limit: 60, windowSec: 60 }))
  app.get('/', (_req, res) => {
    res.json({ inTheMaking, inFlight: reports.inFlight, waiting: reports.waiting })
  })
  app.get('/reports/:year', reports, (req, res) => {
    res.type('csv')
    pipeline(Readable.from(rowsOf(req.params.year)), res, (error) => {
      // The client has hung up, or the report has failed: the connection is closed.
      if (error) console.error(`The report was not sent: ${error.message}`)
    })
  })
  assertEveryRouteLimited(app)
  return app
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = createApp().listen(Number(process.env.PORT ?? 3000), '127.0.0.1', (error) => {
    if (error) throw error
    console.log(`Serving on http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  })
}
