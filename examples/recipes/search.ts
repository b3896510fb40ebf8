/**
 * A search that costs the server more than other requests, and so costs its clients more too. Each address
 * has one bucket of 60 units for all methods. The bucket regains one unit a second. A plain request costs
 * 1 unit, a search 5 and a deep search 20, about in proportion to the work of the database. So a client can
 * make 3 deep searches at once and 3 a minute after that, or 12 searches, or 60 plain requests, or any
 * mixture.
 *
 * It is a bucket and not a window, because units come back one by one. A client with an empty bucket can make
 * a plain request a second later. `Retry-After` of a refused request is the time until there are enough units
 * for its cost.
 *
 * The function that decides which search to run decides the cost too. So no client can choose its cost. The
 * size of the bucket is computed from the table of costs, so every cost fits in the bucket. Behind a proxy,
 * set `trust proxy` of the app. Otherwise all clients have the address of the proxy.
 *
 * Run it with: npx tsx --tsconfig examples/tsconfig.json examples/recipes/search.ts
 *
 *   curl -i 'http://127.0.0.1:3000/search?q=engine&deep=true'
 */
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import express, { type Express, type Request } from 'express'
import { type Clock, createRateLimiter, type LimitOptions } from 'express-tollgate'
import { assertEveryRouteLimited } from 'express-tollgate/audit'

/** For tests. */
interface Options {
  readonly clock?: Clock
}

const COSTS = { plain: 1, search: 5, deepSearch: 20 } as const

const BUCKET: LimitOptions = {
  algorithm: 'token-bucket',
  burst: 3 * Math.max(...Object.values(COSTS)),
  limit: 60,
  windowSec: 60,
}

/**
 * The work of a request. Express routes `/Search/` to the search too, so all paths with this start cost the
 * same.
 */
function workOf(req: Request): keyof typeof COSTS {
  if (!req.path.toLowerCase().startsWith('/search')) return 'plain'
  return req.query.deep === 'true' ? 'deepSearch' : 'search'
}

const ARTICLES = [
  { title: 'The difference engine', text: 'Built to tabulate polynomials.' },
  { title: 'Notes on an engine', text: 'On the numbers of Bernoulli.' },
  { title: 'A sketch', text: 'Of the analytical engine.' },
]

function titlesWith(word: string, where: 'title' | 'title and text'): string[] {
  return ARTICLES.filter(({ title, text }) =>
    (where === 'title' ? title : `${title} ${text}`).includes(word),
  ).map(({ title }) => title)
}

/** The app: one limiter, with a cost for each request. */
export function createApp(options: Options = {}): Express {
  const app = express()
  app.use(
    createRateLimiter({
      ...options,
      // One bucket for all methods: a POST to the search is a mistake, but it is charged its cost too.
      limit: BUCKET,
      cost: (req) => COSTS[workOf(req)],
      standardHeaders: true,
    }),
  )
  app.get('/', (_req, res) => {
    res.json({ articles: ARTICLES.length })
  })
  app.get('/search', (req, res) => {
    const where = workOf(req) === 'deepSearch' ? 'title and text' : 'title'
    res.json({ found: titlesWith(String(req.query.q ?? ''), where) })
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
