import { runInNewContext } from 'node:vm'
import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express'
import { ipKeyGenerator, rateLimit } from 'express-rate-limit'
import { RedisStore as StoreOfRateLimitRedis } from 'rate-limit-redis'
import { createClient } from 'redis'
import request from 'supertest'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createRateLimiter, RateLimiterError } from '../../../src/index.ts'
import {
  type CountingStore,
  fromExpressRateLimitStore,
} from '../../../src/stores/express-rate-limit/index.ts'
import { RedisStore } from '../../../src/stores/redis/index.ts'
import { describeRedisServer } from '../../support/redis/describe-redis.ts'
import { type RedisServer, startRedis } from '../../support/redis/redis-server.ts'
import { withoutAddress } from '../../support/thrown-by.ts'

type Options = Record<string, unknown>
type Client = ReturnType<typeof createClient>

let server: RedisServer
let client: Client

/** A set-up as apps have it that use express-rate-limit 8 with rate-limit-redis. */
const setUp = (): Options => ({
  windowMs: 60_000,
  limit: 3,
  standardHeaders: 'draft-8',
  legacyHeaders: false,
  identifier: 'api',
  statusCode: 429,
  message: { error: 'Too many requests' },
  handler: (_req: Request, res: Response, _next: NextFunction, options: Options) => {
    res.status(options.statusCode as number).send(options.message)
  },
  keyGenerator: (req: Request) => req.get('x-user') ?? ipKeyGenerator(req.ip ?? ''),
  skip: (req: Request) => req.path === '/health',
  skipSuccessfulRequests: true,
  requestPropertyName: 'quota',
  passOnStoreError: true,
  validate: { trustProxy: false },
  store: new StoreOfRateLimitRedis({
    prefix: 'limit:',
    sendCommand: (...words: string[]) => client.sendCommand(words) as never,
  }),
})

/** An app with a limiter, and the last error that reached its error handler. */
function appWith(limiter: RequestHandler): { app: express.Express; lastError: () => unknown } {
  let last: unknown
  const app = express()
  app.use(limiter)
  app.get('/health', (_req, res) => void res.send('well'))
  app.get('/right', (_req, res) => void res.send('welcome'))
  app.get('/wrong', (req, res) => void res.status(401).json((req as { quota?: { key: string } }).quota?.key))
  app.use((error: unknown, _req: Request, res: Response, _next: NextFunction) => {
    last = error
    res.sendStatus(500)
  })
  return { app, lastError: () => last }
}

/** What a user sees who tries the options: an error at creation, or that of a refused request. */
async function errorOf(options: Options): Promise<RateLimiterError | undefined> {
  try {
    const limiter = createRateLimiter(options)
    const { app, lastError } = appWith(limiter)
    const user = `trying ${Math.random()}`
    for (let attempt = 1; attempt <= 4; attempt++) await request(app).get('/wrong').set('X-User', user)
    await limiter.close()
    return lastError() as RateLimiterError | undefined
  } catch (error) {
    if (error instanceof RateLimiterError) return error
    throw error
  }
}

/**
 * Does what an error says, word for word, and nothing else.
 *
 * @param choice how the store begins that is chosen where a message has two
 */
function follow(error: RateLimiterError, { ...options }: Options, choice: string): Options {
  const { option = '', remedy } = error
  const written = /^Write (\w+: .+)\.$/.exec(remedy)
  if (written !== null) {
    delete options[option]
    return { ...options, ...(runInNewContext(`({ ${written[1]} })`) as Options) }
  }
  const [, choices] = /^Give (new RedisStore\(\{ client \}\) of .*)\.$/.exec(remedy) ?? []
  if (choices !== undefined) {
    const chosen = choices.split(', or ').find((each) => each.startsWith(choice))
    const name = /^(?:new )?\w+\((\w+|\{ client \})\) of 'express-tollgate\/([\w-]+)'/.exec(chosen ?? '')
    const store = options.store as CountingStore
    if (name?.[2] === 'redis') return { ...options, store: new RedisStore({ client }) }
    if (name?.[2] === 'express-rate-limit-store')
      return { ...options, store: fromExpressRateLimitStore(store) }
    throw error
  }
  const leftOut = /^Leave out (?:\w+, or )?(\w+)\.$/.exec(remedy)?.[1]
  if (leftOut !== undefined) delete options[leftOut]
  else if (/^Leave it out\b/.test(remedy)) delete options[option]
  else if (option === 'info.statusCode') {
    // A handler is code: it says what the message asks for, in the words of its author.
    return { ...options, handler: answer((res, info) => res.send(info.message)) }
  } else if (option === 'info.message') {
    return { ...options, handler: answer((res) => res.json({ error: 'Too many requests' })) }
  } else throw error
  return options
}

const answer =
  (send: (res: Response, info: Options) => unknown) =>
  (_req: Request, res: Response, _next: NextFunction, info: Options): unknown =>
    send(res, info)

/** The errors that the user meets, in this order, and nothing else. */
const MESSAGES: readonly RegExp[] = [
  /^windowMs: is an option of express-rate-limit, got 60000\. .*Write windowSec: 60\.$/,
  /^identifier: is an option of express-rate-limit, got 'api'\. .*Write name: 'api'\.$/,
  /^passOnStoreError: is an option of express-rate-limit, got true\. .*Write onStoreError: 'allow'\.$/,
  /^validate: is an option of express-rate-limit, got .*\. Leave it out: options are always checked\.$/,
  /^store: is a store of express-rate-limit, .*Give new RedisStore\(\{ client \}\) of 'express-tollgate\/redis', or fromExpressRateLimitStore\(store\) of 'express-tollgate\/express-rate-limit-store', which can do less\.$/,
  /^message and handler: each set the response of a refusal, .*Leave out handler, or message\.$/,
  /^info\.statusCode: is an option of express-rate-limit, .*Leave res\.status\(\) out: .*$/,
  /^info\.message: is an option of express-rate-limit, .*Write the body in the handler, .*$/,
]

describeRedisServer('a set-up of express-rate-limit', () => {
  beforeEach(async () => {
    server = await startRedis()
    client = createClient({ url: server.url })
    client.on('error', () => undefined)
    await client.connect()
  })
  afterEach(async () => {
    client.destroy()
    await server.stop()
  })

  it.each([
    ['a new store', 'new RedisStore'],
    ['the store that it has', 'fromExpressRateLimitStore'],
  ])(
    'is moved to %s by following nothing but messages, and then answers as before',
    async (_title, choice) => {
      const before = await answersOf(rateLimit(setUp()))
      let options = setUp()
      const messages: string[] = []
      for (let error = await errorOf(options); error !== undefined; error = await errorOf(options)) {
        expect(error).toBeInstanceOf(RateLimiterError)
        withoutAddress(error)
        messages.push(error.message)
        expect(error.message).toMatch(MESSAGES[messages.length - 1] ?? /^no further message$/)
        options = follow(error, options, choice)
      }
      expect(messages).toHaveLength(MESSAGES.length)
      await client.sendCommand(['FLUSHALL'])
      const limiter = createRateLimiter(options)
      expect(await answersOf(limiter)).toEqual(before)
      // passOnStoreError
      await server.stop()
      const { app } = appWith(limiter)
      for (let attempt = 1; attempt <= 4; attempt++) await request(app).get('/wrong').expect(401)
      await limiter.close()
    },
  )
})

/** What clients see of an app: one that fails too often, another, an address, and one that is not counted. */
async function answersOf(limiter: RequestHandler): Promise<unknown[]> {
  const { app } = appWith(limiter)
  const answers: unknown[] = []
  const ask = async (path: string, user?: string): Promise<void> => {
    const sent = request(app).get(path)
    const { status, body, headers } = await (user === undefined ? sent : sent.set('X-User', user))
    const remaining = /;\s*r=(\d+)/.exec(String(headers.ratelimit))?.[1]
    const legacy = Object.keys(headers).filter((name) => name.startsWith('x-ratelimit-'))
    answers.push([path, user, status, status === 429 || status === 401 ? body : '', remaining, legacy])
  }
  for (let attempt = 1; attempt <= 3; attempt++) await ask('/wrong', 'ann')
  await ask('/wrong', 'ann')
  await ask('/right', 'ann')
  await ask('/wrong', 'bob')
  await ask('/right', 'bob')
  // The charge of a success is given back after the response.
  await expect.poll(async () => (await request(app).get('/wrong').set('X-User', 'bob')).status).toBe(401)
  await ask('/wrong')
  for (let attempt = 1; attempt <= 4; attempt++) await ask('/health', 'ann')
  return answers
}
