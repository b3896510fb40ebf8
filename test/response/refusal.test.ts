import type { ServerResponse } from 'node:http'
import { describe, expect, it, vi } from 'vitest'
import type { Next } from '../../src/response/next.ts'
import type { RateLimitInfo } from '../../src/response/rate-limit-info.ts'
import {
  type Refusal,
  type RefusalSettings,
  refuse,
  refuseDenied,
  refuseUnavailable,
} from '../../src/response/refusal.ts'
import { exchange } from '../request/exchange.ts'
import { settingsOf } from '../support/parsed-settings.ts'

const INFO: RateLimitInfo = {
  unit: 'requests',
  limit: 5,
  used: 5,
  remaining: 0,
  resetTime: new Date(60_000),
  key: '192.0.2.1',
  class: 'read',
  plan: undefined,
  allowed: false,
  banned: false,
  retryAfterMs: 59_001,
  limits: [],
}

const REFUSAL: Refusal = {
  unit: 'requests',
  readInfo: () => INFO,
  retryAfterMs: 59_001,
  violated: () => ['read'],
}

interface Refused extends ReturnType<typeof exchange> {
  readonly next: ReturnType<typeof vi.fn<Next>>
  readonly sent: () => string | undefined
}

/** Refuses a request with options that JavaScript could give. */
function refused(options: object, prepare: (res: ServerResponse) => void = () => undefined): Refused {
  const { req, res } = exchange()
  prepare(res)
  const next = vi.fn<Next>()
  const end = vi.spyOn(res, 'end')
  refuse({ req, res, next }, settingsOf(options).refusal as RefusalSettings<unknown, ServerResponse>, REFUSAL)
  return { req, res, next, sent: () => end.mock.calls[0]?.[0] as string | undefined }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a refusal', () => {
  it('is sent at once with its status, its body, and Retry-After rounded up, and is not cached', () => {
    const { res, next, sent } = refused({})
    expect(sent()).toBe('{"error":"rate_limit_exceeded"}')
    expect(res.statusCode).toBe(429)
    expect(res.getHeaders()).toMatchObject({
      'retry-after': '60',
      'cache-control': 'no-store',
      'content-type': 'application/json',
      'content-length': '31',
    })
    expect(next).not.toHaveBeenCalled()
  })

  it('keeps a longer Retry-After that is already set', () => {
    const retryAfter = (seconds: string) => (res: ServerResponse) =>
      void res.setHeader('Retry-After', seconds)
    expect(refused({}, retryAfter('90')).res.getHeader('Retry-After')).toBe('90')
    expect(refused({}, retryAfter('30')).res.getHeader('Retry-After')).toBe('60')
    expect(refused({}, retryAfter('soon')).res.getHeader('Retry-After')).toBe('60')
  })

  it('writes nothing if the response has ended already', () => {
    const handler = vi.fn()
    const { res, next } = refused({ handler }, (open) => open.end('time-out'))
    expect(res.statusCode).toBe(200)
    expect(res.hasHeader('Retry-After')).toBe(false)
    expect(handler).not.toHaveBeenCalled()
    expect(next).not.toHaveBeenCalled()
  })

  it.each([
    ['directly', () => ({ error: 'slow' })],
    ['as a promise', async () => ({ error: 'slow' })],
  ])('has the body that a message function returns: %s', async (_kind, message) => {
    const { res, next, sent } = refused({ message })
    await nextTurn()
    expect(sent()).toBe('{"error":"slow"}')
    expect(res.statusCode).toBe(429)
    expect(next).not.toHaveBeenCalled()
  })

  it.each([
    ['rejects', () => Promise.reject(new Error('no text')), 'no text'],
    [
      'returns a number',
      () => 5,
      "message: returned neither text nor an object to send as JSON, got 5. Return 'Slow down', or { error: 'slow_down' }. See https://express-tollgate.github.io/express-tollgate/errors#invalid_result",
    ],
  ])('passes an error to next if the message function %s', async (_what, message, text) => {
    const { res, next, sent } = refused({ message })
    await nextTurn()
    expect(next).toHaveBeenCalledTimes(1)
    expect(next.mock.calls[0]?.[0]).toMatchObject({ message: text })
    expect(sent()).toBeUndefined()
    expect(res.statusCode).toBe(200)
    expect({ ...res.getHeaders() }).toEqual({})
  })

  it('is not sent if another response is sent before the message is ready', async () => {
    const { res, next, sent } = refused({ message: async () => 'late' })
    res.end('time-out')
    await nextTurn()
    expect(sent()).toBe('time-out')
    expect(next).not.toHaveBeenCalled()
  })
})

describe('the option handler', () => {
  it('gets request, response, next and info, after status and Retry-After are set', () => {
    const seen: unknown[] = []
    const { req, res, next, sent } = refused({
      statusCode: 503,
      handler: (...args: unknown[]) =>
        seen.push(...args, responseIn(args).statusCode, responseIn(args).getHeader('Retry-After')),
    })
    expect(seen).toEqual([req, res, expect.any(Function), INFO, 503, '60'])
    expect(sent()).toBeUndefined()
    expect(next).not.toHaveBeenCalled()
  })

  const passOn = { handler: (_req: unknown, _res: unknown, next: Next) => next() }

  it('that calls next restores the status and the head', () => {
    const { res, next } = refused(passOn, (open) => {
      open.statusCode = 201
    })
    expect(res.statusCode).toBe(201)
    expect({ ...res.getHeaders() }).toEqual({})
    expect(next.mock.calls).toEqual([[undefined]])
  })

  it('that calls next keeps the headers that were set before', () => {
    const { res } = refused(passOn, (open) => {
      open.setHeader('Retry-After', '30')
      open.setHeader('Cache-Control', 'public, max-age=3600')
      open.setHeader('X-Other', 'stays')
    })
    expect({ ...res.getHeaders() }).toEqual({
      'retry-after': '30',
      'cache-control': 'public, max-age=3600',
      'x-other': 'stays',
    })
  })

  it('calls next at most once', async () => {
    const first = new Error('first')
    const { next } = refused({
      handler: async (_req: unknown, _res: unknown, nextOnce: Next) => {
        nextOnce(first)
        nextOnce()
        throw new Error('second')
      },
    })
    await nextTurn()
    expect(next.mock.calls).toEqual([[first]])
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
    ['rejects', async () => Promise.reject(new Error('broken'))],
  ])('that %s passes its error to next, with status and head restored', async (_what, handler) => {
    const { res, next } = refused({ handler })
    await nextTurn()
    expect(next.mock.calls).toEqual([[new Error('broken')]])
    expect(res.statusCode).toBe(200)
    expect({ ...res.getHeaders() }).toEqual({})
  })

  it.each([undefined, null, 'router', false])(
    'that throws or rejects with %o passes an error of this library to next',
    async (thrown) => {
      const fail = (): never => {
        throw thrown
      }
      for (const handler of [fail, async () => fail()]) {
        const { next } = refused({ handler })
        await nextTurn()
        expect(next).toHaveBeenCalledTimes(1)
        expect(next.mock.calls[0]?.[0]).toMatchObject({ code: 'invalid_result', value: thrown })
      }
    },
  )

  it('that throws after its response does not change the response', () => {
    const { res, next } = refused({
      handler: (_req: unknown, response: ServerResponse) => {
        response.end('no')
        throw new Error('afterwards')
      },
    })
    expect(res.statusCode).toBe(429)
    expect(res.getHeader('Retry-After')).toBe('60')
    expect(next.mock.calls).toEqual([[new Error('afterwards')]])
  })
})

describe('the refusal after a failure of the store', () => {
  it('is a 503 with Retry-After of five seconds', () => {
    const { req, res } = exchange()
    const next = vi.fn()
    const end = vi.spyOn(res, 'end')
    refuseUnavailable({ req, res, next }, settingsOf({}).refusal)
    expect(next).not.toHaveBeenCalled()
    expect(end.mock.calls).toEqual([['{"error":"rate_limiter_unavailable"}']])
    expect(res.statusCode).toBe(503)
    expect(res.getHeaders()).toMatchObject({ 'retry-after': '5', 'cache-control': 'no-store' })
  })

  it('writes nothing if the response has ended already', () => {
    const { req, res } = exchange()
    res.end()
    refuseUnavailable({ req, res, next: vi.fn() }, settingsOf({}).refusal)
    expect(res.statusCode).toBe(200)
  })

  it('passes the error to next if the response throws', () => {
    const { req, res } = exchange()
    const next = vi.fn()
    const broken = new Error('patched')
    vi.spyOn(res, 'end').mockImplementation(() => {
      throw broken
    })
    refuseUnavailable({ req, res, next }, settingsOf({}).refusal)
    expect(next.mock.calls).toEqual([[broken]])
  })
})

describe('the refusal of a client on the denyList', () => {
  function forbidden(options: object, prepare: (res: ServerResponse) => void = () => undefined): Refused {
    const { req, res } = exchange()
    prepare(res)
    const next = vi.fn<Next>()
    const end = vi.spyOn(res, 'end')
    refuseDenied({ req, res, next }, settingsOf(options).refusal)
    return { req, res, next, sent: () => end.mock.calls[0]?.[0] as string | undefined }
  }

  it('is a 403 that is not cached and shows no limits', () => {
    const { res, next, sent } = forbidden({})
    expect(sent()).toBe('{"error":"forbidden"}')
    expect(res.statusCode).toBe(403)
    expect({ ...res.getHeaders() }).toEqual({
      'cache-control': 'no-store',
      'content-type': 'application/json',
      'content-length': '21',
    })
    expect(next).not.toHaveBeenCalled()
  })

  it('is problem details with problemDetails', () => {
    const { res, sent } = forbidden({ problemDetails: true })
    expect(sent()).toBe('{"type":"about:blank","title":"Forbidden","status":403}')
    expect(res.statusCode).toBe(403)
    expect(res.getHeader('Content-Type')).toBe('application/problem+json')
  })

  it('does not depend on handler, message and statusCode', () => {
    const handler = vi.fn()
    expect(forbidden({ handler, statusCode: 503 }).res.statusCode).toBe(403)
    expect(handler).not.toHaveBeenCalled()
    expect(forbidden({ message: 'Slow down' }).sent()).toBe('{"error":"forbidden"}')
  })

  it('writes nothing if the response has ended already', () => {
    const { res, next } = forbidden({}, (open) => open.end('time-out'))
    expect(res.statusCode).toBe(200)
    expect({ ...res.getHeaders() }).toEqual({})
    expect(next).not.toHaveBeenCalled()
  })

  it('passes the error to next if the response throws', () => {
    for (const thrown of [new Error('patched'), 'router']) {
      const { next } = forbidden({}, (res) => {
        res.end = () => {
          throw thrown
        }
      })
      expect(next).toHaveBeenCalledTimes(1)
      expect(next.mock.calls[0]?.[0]).toMatchObject(
        thrown instanceof Error ? { message: 'patched' } : { code: 'invalid_result', value: 'router' },
      )
    }
  })
})

function responseIn(args: readonly unknown[]): ServerResponse {
  return args[1] as ServerResponse
}
