/** What leads to each error of the library: the example messages of docs/errors.md are the results. */
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import express from 'express'
import {
  createRateLimiter,
  MemoryStore,
  optionsFromEnv,
  type RateLimiter,
  type RateLimiterErrorCode,
  type RateLimiterOptions,
} from '../../../src/index.ts'
import { assertEveryRouteLimited } from '../../../src/tools/audit/index.ts'
import { FaultyStore } from '../../../src/tools/testing/index.ts'

const CLIENT = '203.0.113.7'

/** Options as a program without types gives them. */
const untyped = (options: object): RateLimiterOptions => options

/** Sends a request through a limiter, and throws what reaches `next`. */
async function passRequest(limiter: RateLimiter): Promise<void> {
  const req = new IncomingMessage(new Socket())
  const failure = await new Promise<unknown>((resolve) => limiter(req, new ServerResponse(req), resolve))
  if (failure !== undefined) throw failure
}

/** A limiter whose store fails in one way. */
function failingLimiter(kind: 'reject' | 'hang', options: RateLimiterOptions = {}): RateLimiter {
  const store = new FaultyStore(new MemoryStore())
  store.fail(kind === 'hang' ? { kind } : { kind, error: new Error('READONLY You cannot write') })
  const logger = { info: () => undefined, warn: () => undefined }
  return createRateLimiter({ limit: 100, store, onStoreError: 'deny', logger, ...options })
}

/** Throws, or rejects with, an error of the code. */
export const ERROR_EXAMPLES: Readonly<Record<RateLimiterErrorCode, () => unknown>> = {
  unknown_option: () => createRateLimiter(untyped({ max: 100 })),
  invalid_option: () => createRateLimiter(untyped({ limit: '100' })),
  impossible_combination: () => createRateLimiter({ limit: 100, write: 10 }),
  not_called: () => createRateLimiter(untyped(new IncomingMessage(new Socket()))),
  unknown_method: () =>
    (createRateLimiter() as RateLimiter & { resetKey(key: string): void }).resetKey(CLIENT),
  unsupported_by_store: () =>
    createRateLimiter({
      limit: { limit: 100, algorithm: 'token-bucket' },
      store: { consume: () => ({ allowed: true, retryAfterMs: 0, limits: [] }) },
    }),
  invalid_env: () => optionsFromEnv({ API_RATE_LIMIT_READ: 'many' }),
  invalid_result: () =>
    passRequest(createRateLimiter({ limit: 100, trustProxy: false, keyGenerator: () => '' })),
  unknown_plan: () =>
    passRequest(
      createRateLimiter({
        plans: { free: { limit: 100 }, pro: { limit: 1000 } },
        plan: () => 'gold',
        trustProxy: false,
      }),
    ),
  cost_above_capacity: () => createRateLimiter({ limit: 100 }).consume(CLIENT, { cost: 101 }),
  store_failed: () => failingLimiter('reject').consume(CLIENT),
  store_timeout: () => failingLimiter('hang', { storeDeadlineMs: 50 }).consume(CLIENT),
  closed: async () => {
    const limiter = createRateLimiter({ limit: 100 })
    await limiter.close()
    await limiter.consume(CLIENT)
  },
  unlimited_routes: () => {
    const app = express()
    app.get('/health', (_req, res) => void res.end())
    app.use(createRateLimiter())
    assertEveryRouteLimited(app)
  },
}
