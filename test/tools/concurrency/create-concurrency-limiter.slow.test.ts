import { describe, expect, it } from 'vitest'
import { createConcurrencyLimiter } from '../../../src/tools/concurrency/index.ts'
import { areTestsFull } from '../../support/full-tests.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'
import { abortMany, resetConnections } from './held-requests.ts'

it('holds nothing after 100,000 requests that were aborted', () => {
  const limiter = createConcurrencyLimiter({ limit: 2, trustProxy: false })
  expect(abortMany(limiter, 100_000)).toEqual({ refused: 998, mostInFlight: 500 })
  expect(limiter.inFlight).toBe(0)
  expect((limiter.store as { size?: number }).size).toBe(0)
})

describe.each(EXPRESS_VERSIONS)('a concurrency limiter on %s', (_name, express) => {
  const batches = areTestsFull ? 2000 : 60

  it(`holds nothing after ${batches * 50} connections that were reset`, async () => {
    await resetConnections(express, batches)
  })
})
