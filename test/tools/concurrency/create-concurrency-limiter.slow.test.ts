import { describe, expect, it } from 'vitest'
import { createConcurrencyLimiter } from '../../../src/tools/concurrency/index.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'
import { refusedOf, resetConnections } from './held-requests.ts'

it('holds nothing after 100,000 requests that were aborted', () => {
  const limiter = createConcurrencyLimiter({ limit: 3, trustProxy: false })
  expect(refusedOf(limiter, 100_000)).toBe(0)
  expect(limiter.inFlight).toBe(0)
  expect((limiter.store as { size?: number }).size).toBe(0)
})

describe.each(EXPRESS_VERSIONS)('a concurrency limiter on %s', (_name, express) => {
  it('holds nothing after 3000 connections that were reset', async () => {
    await resetConnections(express, 60)
  })
})
