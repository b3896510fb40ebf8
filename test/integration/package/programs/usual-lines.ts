// Lines that users write, compiled in projects of several kinds and never run. What must not compile says so.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import express, { type NextFunction, type Request, type Response, Router } from 'express'
import {
  createRateLimiter,
  MemoryStore,
  type RateLimiter,
  type RateLimiterOptions,
  type RateLimitInfo,
} from 'express-tollgate'

declare global {
  namespace Express {
    /** What the user's own sign-in puts on a request. */
    interface Request {
      account?: { id: string; plan: 'free' | 'pro' }
    }
    interface Locals {
      tenant: string
    }
  }
}

type Same<One, Other> =
  (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false

/** Compiles only where both types are the same. `any` is the same as `any` alone. */
function same<One, Other>(..._proof: Same<One, Other> extends true ? [] : [never]): void {
  // For the compiler only.
}

const app = express()

// 1. One line.
const limiter = createRateLimiter()
same<typeof limiter, RateLimiter>()

// 2. Every function has Express's request and response, without an annotation.
createRateLimiter({
  keyGenerator: (req, res, clientKey) => {
    same<typeof req, Request>()
    same<typeof res, Response>()
    same<typeof clientKey, string>()
    return req.ip ?? clientKey
  },
  classify: (req, res) => {
    same<typeof req, Request>()
    same<typeof res, Response>()
    return req.path === '/search' ? 'read' : 'write'
  },
  cost: (req, res) => {
    same<typeof req, Request>()
    same<typeof res, Response>()
    return Number(req.query.cost ?? 1)
  },
  skip: (req, res) => {
    same<typeof req, Request>()
    same<typeof res, Response>()
    return req.get('x-internal') === '1'
  },
})

// 3. Limits that are functions, for each class.
createRateLimiter({
  read: (req, res) => {
    same<typeof req, Request>()
    same<typeof res, Response>()
    return 100
  },
  write: async (req) => (req.account?.plan === 'pro' ? 50 : false),
})

// 4. The refusal.
createRateLimiter({
  handler: (req, res, next, info) => {
    same<typeof req, Request>()
    same<typeof info.retryAfterMs, number>()
    if (req.accepts('html')) res.status(429).render('slow-down', { seconds: info.retryAfterMs / 1000 })
    else next(new Error('too many requests'))
  },
})
createRateLimiter({
  message: (req, res) => ({ error: 'slow_down', path: req.originalUrl, tenant: res.locals.tenant }),
})
createRateLimiter({ message: async () => 'Slow down' })

// 5. A handler that was written for Express.
const refuse = (req: Request, res: Response, _next: NextFunction): void => {
  res.status(429).json({ path: req.path })
}
createRateLimiter({ handler: refuse })

// 6. What success is.
createRateLimiter({
  skipSuccessfulRequests: true,
  requestWasSuccessful: (req, res) => res.statusCode < 400 && req.account !== undefined,
})

// 7. A declared property of the user's own, and of `res.locals`.
createRateLimiter({ keyGenerator: (req, _res, clientKey) => req.account?.id ?? clientKey })
createRateLimiter({
  keyGenerator: (_req, res) => {
    same<typeof res.locals.tenant, string>()
    return res.locals.tenant
  },
})

// 8. A request that is narrower than Express's: with parameters, or with an interface of the user's own.
createRateLimiter({ keyGenerator: (req: Request<{ provider: string }>) => req.params.provider })
interface SignedIn extends Request {
  session: { userId: string }
}
createRateLimiter({ keyGenerator: (req: SignedIn) => req.session.userId, skip: (req) => req.path === '/' })

// 9. A function that needs less than Express's request does not take Express's away from the others.
createRateLimiter({
  cost: (req: IncomingMessage) => (req.url === '/' ? 1 : 2),
  skip: (req) => req.path === '/health',
})

// 10. Options with a name, and options that are undefined.
const options: RateLimiterOptions = {
  read: 100,
  store: undefined,
  keyGenerator: undefined,
  skip: (req) => req.path === '/health',
}
createRateLimiter(options)
createRateLimiter({ ...options, name: 'second', store: new MemoryStore() })

// 11. The app, with and without a path; arrays; several at once.
app.use(limiter)
app.use('/api', limiter)
app.use([limiter, createRateLimiter({ name: 'two' })])
app.use(limiter, express.json(), limiter)

// 12. A route infers its parameters as without the limiter.
app.get('/plain/:id', (req) => {
  type Plain = typeof req.params
  app.get('/limited/:id', limiter, (limited) => {
    same<typeof limited.params, Plain>()
    same<typeof limited.params.id, string>()
  })
})
app.post('/users/:user/posts/:post', limiter, express.json(), (req, res) => {
  res.json({ user: req.params.user.toUpperCase(), post: req.params.post.toUpperCase() })
})
app.get('/mistyped/:id', limiter, (req) => {
  // @ts-expect-error: the path has no such parameter
  return req.params.name
})

// 13. Arrays on a route keep what the handler says.
app.get('/array/:id', [limiter, limiter], (req: Request<{ id: string }>, res: Response) => {
  res.send(req.params.id)
})

// 14. Routers and route().
const router = Router()
router.use(limiter)
router.put('/things/:thing', limiter, (req, res) => void res.send(req.params.thing.toUpperCase()))
app
  .route('/route/:part')
  .all(limiter)
  .get(limiter, (req, res) => void res.send(req.params.part.toUpperCase()))

// 15. Lists of limiters.
const limiters: RateLimiter[] = [
  limiter,
  createRateLimiter({ name: 'by-user', keyGenerator: (req) => req.account?.id ?? 'nobody' }),
  createRateLimiter<IncomingMessage, ServerResponse>({ name: 'plain' }),
]
app.use(limiters)
app.use('/all', ...limiters)

// 16. A server of node:http in front of Express.
createServer((req, res) => limiter(req, res, () => app(req, res)))

// 17. A server of node:http without Express.
const plain = createRateLimiter<IncomingMessage, ServerResponse>({
  keyGenerator: (req, res, clientKey) => {
    same<typeof req, IncomingMessage>()
    same<typeof res, ServerResponse>()
    return String(req.headers['x-api-key'] ?? clientKey)
  },
})
createServer((req, res) => plain(req, res, () => res.end()))
createRateLimiter<IncomingMessage, ServerResponse>({
  // @ts-expect-error: a request of node:http has no `ip`
  keyGenerator: (req) => req.ip ?? '',
})

// 18. The guard of a server, and methods without a request.
limiter.guard(app.listen(0), app)
limiter.consume('203.0.113.7', { class: 'write' }).then(({ allowed }) => same<typeof allowed, boolean>())
app.get('/left', (req, res) => {
  same<typeof req.rateLimit, RateLimitInfo | undefined>()
  res.json({ left: req.rateLimit?.remaining })
})
app.get('/why', (req, res) => void res.json(limiter.explain(req)))

// 19. What must not compile.
createRateLimiter({
  // @ts-expect-error: a key is a string
  keyGenerator: (req) => req.account,
})
createRateLimiter({
  // @ts-expect-error: a cost is a number
  cost: () => '2',
})
createRateLimiter({
  // @ts-expect-error: a request is not a number
  skip: (req: number) => req > 5,
})
createRateLimiter({
  // @ts-expect-error: there is no such class
  classify: () => 'reads',
})

// 20. A name that nobody knows.
createRateLimiter({
  // @ts-expect-error: an option of another library
  windowMs: 60_000,
})
