/**
 * A search that costs the server more than other requests do, and its clients too. Each address has a
 * bucket of 60 units for reads and one for writes, each of which regains a unit a second. A plain request takes 1 of it, a search 5, a deep search 20: about
 * what they take of the database, in proportion. So a client can make 3 deep searches at once and 3 a minute
 * after that, or 12 searches, or 60 plain requests, or any mixture.
 *
 * A bucket and no window, because units come back one by one: who has used them up can make a plain request a
 * second later, and `Retry-After` tells each request when there will be enough for one of its cost.
 *
 * The cost is decided by the function that decides what is done, and comes from a table of which the bucket's
 * size is made: no client can name a price, and no price is more than the bucket holds.
 * Behind a proxy set the app's `trust proxy`, or the proxy is the address that everybody has.
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

/** What a request asks for. Express finds `/Search/` too, so everything that begins like it has its price. */
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

/** The app: one limiter, in which requests cost what they are worth. */
export function createApp(options: Options = {}): Express {
  const app = express()
  app.use(
    createRateLimiter({
      ...options,
      read: BUCKET,
      // A POST to the search is a mistake, and is charged its price all the same: it must fit here too.
      write: BUCKET,
      cost: (req: Request) => COSTS[workOf(req)],
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
