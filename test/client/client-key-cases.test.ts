import type { IncomingMessage } from 'node:http'
import { ServerResponse } from 'node:http'
import { createRateLimiter, RateLimiterError, type RateLimiterOptions } from 'express-tollgate'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CLIENT_KEY_GROUPS, type ClientKeyCase, CONFIG_ERROR } from './client-key-cases.ts'

// The limiters warn of ignored headers, which many cases have.
beforeEach(() => void vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined))
afterEach(() => void vi.restoreAllMocks())

/** The key that the limiter finds, as a `keyGenerator` of the user gets it. */
async function defaultKeyOf(testCase: ClientKeyCase): Promise<string | undefined> {
  let key: string | undefined
  const options: RateLimiterOptions = {
    trustProxy: testCase.trustProxy,
    keyGenerator: (_req, _res, clientKey) => {
      key = clientKey
      return clientKey
    },
  }
  const limiter = createRateLimiter(options)
  const req = requestOf(testCase)
  limiter(req, new ServerResponse(req), (error) => expect(error).toBeUndefined())
  await limiter.close()
  return key
}

function requestOf({ peer, xForwardedFor }: ClientKeyCase): IncomingMessage {
  const socket = { remoteAddress: peer ?? undefined }
  const headers = xForwardedFor === null ? {} : { 'x-forwarded-for': xForwardedFor }
  return { method: 'GET', headers, socket } as unknown as IncomingMessage
}

function titleOf({ peer, xForwardedFor, trustProxy, key }: ClientKeyCase): string {
  const trusted = typeof trustProxy === 'number' ? String(trustProxy) : JSON.stringify(trustProxy)
  const header = xForwardedFor === null ? 'no header' : JSON.stringify(xForwardedFor.slice(0, 40))
  return `trustProxy ${trusted}, peer ${peer}, ${header}: ${key}`
}

describe.each(CLIENT_KEY_GROUPS)('$rule', ({ cases }) => {
  it.each(cases.map((testCase) => [titleOf(testCase), testCase] as const))('%s', async (_title, testCase) => {
    if (testCase.key !== CONFIG_ERROR) {
      expect(await defaultKeyOf(testCase)).toBe(testCase.key)
      return
    }
    const error = await defaultKeyOf(testCase).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(RateLimiterError)
    expect(error).toMatchObject({ code: 'invalid_option', option: 'trustProxy' })
  })
})

describe('the table of client keys', () => {
  it('has all 52 cases', () => {
    expect(CLIENT_KEY_GROUPS.flatMap(({ cases }) => cases)).toHaveLength(52)
  })
})
