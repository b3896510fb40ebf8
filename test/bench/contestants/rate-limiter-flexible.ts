import type { RequestHandler, Response } from 'express'
import type { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import type { Contestant, PromisingCounter, RedisCounter, RedisCounterSettings } from './contestant.ts'
import { connectTo, type RedisConnection } from './redis-connection.ts'

/** The map that its store keeps, whose size nothing public shows. */
function sizeOf(limiter: RateLimiterMemory): number {
  const { _memoryStorage: storage } = limiter as unknown as {
    readonly _memoryStorage: { readonly _storage: ReadonlyMap<string, unknown> }
  }
  return storage._storage.size
}

export const rateLimiterFlexible: Contestant = {
  name: 'rate-limiter-flexible',

  async createCounter({ limit, windowMs }) {
    const { RateLimiterMemory } = await import('rate-limiter-flexible')
    // The keys have a prefix already, and a second one would make it hold longer strings than the others.
    const limiter = new RateLimiterMemory({ points: limit, duration: windowMs / 1000, keyPrefix: '' })
    const counter: PromisingCounter<RateLimiterRes> = {
      answers: 'with a promise',
      ask: (key) => limiter.consume(key),
      isAdmitted: ({ consumedPoints }) => consumedPoints <= limit,
      usedOf: ({ consumedPoints }) => consumedPoints,
      size: () => sizeOf(limiter),
      close() {
        // Its timers do not keep a process alive, and there is nothing that would end them.
      },
    }
    return counter
  },

  createRedisCounter: (settings) => counterInRedis(settings, {}),

  async createGate({ limit, windowMs }) {
    const { RateLimiterMemory } = await import('rate-limiter-flexible')
    const limiter = new RateLimiterMemory({ points: limit, duration: windowMs / 1000 })
    return { handler: documentedMiddleware(limiter, limit), clients: () => sizeOf(limiter) }
  },

  async createRedisGate(settings) {
    const { limiter, connection } = await limiterInRedis(settings, {})
    return {
      handler: documentedMiddleware(limiter, settings.limit),
      close: async () => connection.close(),
    }
  },
}

/** With an option of its own that it does not have by default: it refuses by itself whom Redis has refused. */
export const rateLimiterFlexibleBlocking: Contestant = {
  name: 'rate-limiter-flexible, in-memory block',
  createRedisCounter: (settings) => counterInRedis(settings, { inMemoryBlockOnConsumed: settings.limit + 1 }),
}

interface BlockingOptions {
  readonly inMemoryBlockOnConsumed?: number
}

async function limiterInRedis(
  { url, through, limit, windowMs }: RedisCounterSettings,
  options: BlockingOptions,
): Promise<{ readonly limiter: RateLimiterRedis; readonly connection: RedisConnection }> {
  const { RateLimiterRedis } = await import('rate-limiter-flexible')
  const connection = await connectTo(url, through)
  const limiter = new RateLimiterRedis({
    ...{ storeClient: connection.client, useRedisPackage: through === 'node-redis' },
    ...{ points: limit, duration: windowMs / 1000, keyPrefix: PREFIX },
    ...options,
  })
  return { limiter, connection }
}

async function counterInRedis(
  settings: RedisCounterSettings,
  options: BlockingOptions,
): Promise<RedisCounter> {
  const { limit } = settings
  const { limiter, connection } = await limiterInRedis(settings, options)
  const counter: RedisCounter<RateLimiterRes> = {
    ask: (key) => limiter.consume(key),
    // It rejects when it refuses.
    isAdmitted: ({ consumedPoints }) => consumedPoints <= limit,
    usedOf: async (key) => Number(await connection.send(['GET', `${PREFIX}:${key}`])),
    countsRefusals: options.inMemoryBlockOnConsumed === undefined,
    close: async () => connection.close(),
  }
  return counter
}

/** Its default. */
const PREFIX = 'rlflx'

/** The middleware of its documentation, with the headers that the documentation sets by hand. */
function documentedMiddleware(limiter: RateLimiterMemory | RateLimiterRedis, points: number): RequestHandler {
  return (req, res, next) => {
    limiter.consume(req.ip ?? '').then(
      (answer) => {
        setHeaders(res, answer, points)
        next()
      },
      (answer: unknown) => {
        if (answer instanceof Error) return next(answer)
        setHeaders(res, answer as RateLimiterRes, points)
        res.status(429).send('Too Many Requests')
      },
    )
  }
}

function setHeaders(res: Response, { msBeforeNext, remainingPoints }: RateLimiterRes, points: number): void {
  res.set({
    'Retry-After': String(msBeforeNext / 1000),
    'X-RateLimit-Limit': String(points),
    'X-RateLimit-Remaining': String(remainingPoints),
    'X-RateLimit-Reset': String(Math.ceil((Date.now() + msBeforeNext) / 1000)),
  })
}
