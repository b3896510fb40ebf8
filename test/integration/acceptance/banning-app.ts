import type express from 'express'
import type { NextFunction, Request, Response } from 'express'
import request from 'supertest'
import { expect } from 'vitest'
import {
  type Charge,
  createRateLimiter,
  type Decision,
  MemoryStore,
  type RateLimiter,
  type RateLimiterOptions,
  type Store,
} from '../../../src/index.ts'
import { FakeClock } from '../../../src/tools/testing/index.ts'

export const EPOCH_SEC = 1_700_000_000

/** The client key of all requests that the tests send to the app. */
export const CLIENT = '127.0.0.1'

/** Three refusals in a minute cause a ban of ten minutes. */
export const BAN = { after: 3, withinSec: 60, forSec: 600 }

export interface BanningApp {
  readonly app: express.Express
  readonly limiter: RateLimiter
  readonly clock: FakeClock
}

/**
 * An app with a limit of two reads and two writes in a minute, {@link BAN}, and a clock that only tests
 * advance.
 */
export function banningApp(framework: typeof express, options: RateLimiterOptions = {}): BanningApp {
  const clock = new FakeClock(EPOCH_SEC * 1000)
  const limiter = createRateLimiter({ read: 2, write: 2, ban: BAN, clock, ...options })
  const app = framework()
  app.use(limiter)
  app.use((req: Request, res: Response) => {
    res.json(req.rateLimit ?? {})
  })
  app.use((error: Error, _req: Request, res: Response, _next: NextFunction) => {
    res.status(500).json({ error: error.message })
  })
  return { app, limiter, clock }
}

/** `Retry-After` of a refused request in seconds, or `'none'` for an allowed request. */
export type RetryAfter = number | 'none'

/** Sends one request after another, and expects these values of `Retry-After`. */
export async function expectRetryAfterInTurn(
  app: express.Express,
  expected: readonly RetryAfter[],
  method: 'get' | 'post' = 'get',
): Promise<void> {
  const answers: string[] = []
  for (const _turn of expected) {
    const { status, headers } = await request(app)[method]('/')
    const retryAfter: string | undefined = headers['retry-after']
    expect(status).toBe(retryAfter === undefined ? 200 : 429)
    answers.push(retryAfter ?? 'none')
  }
  expect(answers).toEqual(expected.map(String))
}

/** A store without bans, refunds and resets. */
export class CountingOnlyStore implements Store {
  readonly #memory = new MemoryStore()

  consume(charge: Charge): Decision {
    return this.#memory.consume(charge)
  }
}
