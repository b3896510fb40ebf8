import type { ServerResponse } from 'node:http'
import { describe, expect, it, vi } from 'vitest'
import type { Next } from '../../src/options/rate-limiter-options.ts'
import type { RefusalSettings } from '../../src/options/refusal-options.ts'
import { type Refusal, refuse, refuseDenied, refuseUncounted } from '../../src/response/refusal.ts'
import { exchange } from '../request/exchange.ts'
import { parse } from '../support/parse.ts'

const REFUSAL: Refusal = {
  info: {
    limit: 5,
    used: 5,
    remaining: 0,
    resetTime: new Date(60_000),
    key: '192.0.2.1',
    class: 'read',
    allowed: false,
    banned: false,
    retryAfterMs: 59_001,
    limits: [],
  },
  retryAfterMs: 59_001,
  violated: ['read'],
}

interface Refused extends ReturnType<typeof exchange> {
  readonly next: ReturnType<typeof vi.fn<Next>>
  readonly sent: () => string | undefined
}

/** Refuses a request under options as JavaScript would give them. */
function refused(options: object, prepare: (res: ServerResponse) => void = () => undefined): Refused {
  const { req, res } = exchange()
  prepare(res)
  const next = vi.fn<Next>()
  const end = vi.spyOn(res, 'end')
  refuse({ req, res, next }, parse(options).refusal as RefusalSettings<unknown, ServerResponse>, REFUSAL)
  return { req, res, next, sent: () => end.mock.calls[0]?.[0] as string | undefined }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a refusal', () => {
  it('is sent at once: status, body, Retry-After rounded up, not for caches', () => {
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

  it('asks nobody to come earlier than somebody before did', () => {
    const askedBefore = (seconds: string) => (res: ServerResponse) =>
      void res.setHeader('Retry-After', seconds)
    expect(refused({}, askedBefore('90')).res.getHeader('Retry-After')).toBe('90')
    expect(refused({}, askedBefore('30')).res.getHeader('Retry-After')).toBe('60')
    expect(refused({}, askedBefore('soon')).res.getHeader('Retry-After')).toBe('60')
  })

  it('writes nothing where the response has ended already', () => {
    const handler = vi.fn()
    const { res, next } = refused({ handler }, (open) => open.end('time-out'))
    expect(res.statusCode).toBe(200)
    expect(res.hasHeader('Retry-After')).toBe(false)
    expect(handler).not.toHaveBeenCalled()
    expect(next).not.toHaveBeenCalled()
  })

  it.each([
    ['sync', () => ({ error: 'slow' })],
    ['async', async () => ({ error: 'slow' })],
  ])('carries what a %s message function returns', async (_kind, message) => {
    const { res, next, sent } = refused({ message })
    await turn()
    expect(sent()).toBe('{"error":"slow"}')
    expect(res.statusCode).toBe(429)
    expect(next).not.toHaveBeenCalled()
  })

  it.each([
    ['throws', () => Promise.reject(new Error('no text')), 'no text'],
    [
      'returns nonsense',
      () => 5,
      "message: returned neither text nor an object to send as JSON, got 5. Return 'Slow down', or { error: 'slow_down' }.",
    ],
  ])('goes to next where the message function %s', async (_what, message, text) => {
    const { res, next, sent } = refused({ message })
    await turn()
    expect(next).toHaveBeenCalledTimes(1)
    expect(next.mock.calls[0]?.[0]).toMatchObject({ message: text })
    expect(sent()).toBeUndefined()
    expect(res.statusCode).toBe(200)
    expect({ ...res.getHeaders() }).toEqual({})
  })

  it('is not sent twice where somebody answers while the message is made', async () => {
    const { res, next, sent } = refused({ message: async () => 'late' })
    res.end('time-out')
    await turn()
    expect(sent()).toBe('time-out')
    expect(next).not.toHaveBeenCalled()
  })
})

describe('a handler of refusals', () => {
  it('gets request, response, next and info, with status and Retry-After set', () => {
    const seen: unknown[] = []
    const { req, res, next, sent } = refused({
      statusCode: 503,
      handler: (...args: unknown[]) =>
        seen.push(...args, responseIn(args).statusCode, responseIn(args).getHeader('Retry-After')),
    })
    expect(seen).toEqual([req, res, expect.any(Function), REFUSAL.info, 503, '60'])
    expect(sent()).toBeUndefined()
    expect(next).not.toHaveBeenCalled()
  })

  const handOver = { handler: (_req: unknown, _res: unknown, handOn: Next) => handOn() }

  it('that hands the request on restores the status and the head', () => {
    const { res, next } = refused(handOver, (open) => {
      open.statusCode = 201
    })
    expect(res.statusCode).toBe(201)
    expect({ ...res.getHeaders() }).toEqual({})
    expect(next.mock.calls).toEqual([[undefined]])
  })

  it('that hands the request on leaves what others have said before', () => {
    const { res } = refused(handOver, (open) => {
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

  it('calls next once, however often it tries', async () => {
    const first = new Error('first')
    const { next } = refused({
      handler: async (_req: unknown, _res: unknown, handOn: Next) => {
        handOn(first)
        handOn()
        throw new Error('second')
      },
    })
    await turn()
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
    await turn()
    expect(next.mock.calls).toEqual([[new Error('broken')]])
    expect(res.statusCode).toBe(200)
    expect({ ...res.getHeaders() }).toEqual({})
  })

  it.each([undefined, null, 'router', false])(
    'that throws or rejects with %o hands nothing on',
    async (thrown) => {
      const fail = (): never => {
        throw thrown
      }
      for (const handler of [fail, async () => fail()]) {
        const { next } = refused({ handler })
        await turn()
        expect(next).toHaveBeenCalledTimes(1)
        expect(next.mock.calls[0]?.[0]).toMatchObject({ code: 'invalid_result', value: thrown })
      }
    },
  )

  it('that throws after it has answered changes nothing in the answer', () => {
    const { res, next } = refused({
      handler: (_req: unknown, answer: ServerResponse) => {
        answer.end('no')
        throw new Error('afterwards')
      },
    })
    expect(res.statusCode).toBe(429)
    expect(res.getHeader('Retry-After')).toBe('60')
    expect(next.mock.calls).toEqual([[new Error('afterwards')]])
  })
})

describe('a refusal for want of a store', () => {
  it('is a 503 to come back from in five seconds', () => {
    const { req, res } = exchange()
    const next = vi.fn()
    const end = vi.spyOn(res, 'end')
    refuseUncounted({ req, res, next }, parse({}).refusal)
    expect(next).not.toHaveBeenCalled()
    expect(end.mock.calls).toEqual([['{"error":"rate_limiter_unavailable"}']])
    expect(res.statusCode).toBe(503)
    expect(res.getHeaders()).toMatchObject({ 'retry-after': '5', 'cache-control': 'no-store' })
  })

  it('writes nothing where the response has ended already', () => {
    const { req, res } = exchange()
    res.end()
    refuseUncounted({ req, res, next: vi.fn() }, parse({}).refusal)
    expect(res.statusCode).toBe(200)
  })

  it('goes to next where the response was patched by somebody, and throws', () => {
    const { req, res } = exchange()
    const next = vi.fn()
    const broken = new Error('patched')
    vi.spyOn(res, 'end').mockImplementation(() => {
      throw broken
    })
    refuseUncounted({ req, res, next }, parse({}).refusal)
    expect(next.mock.calls).toEqual([[broken]])
  })
})

describe('a client that is turned away', () => {
  function forbidden(options: object, prepare: (res: ServerResponse) => void = () => undefined): Refused {
    const { req, res } = exchange()
    prepare(res)
    const next = vi.fn<Next>()
    const end = vi.spyOn(res, 'end')
    refuseDenied({ req, res, next }, parse(options).refusal)
    return { req, res, next, sent: () => end.mock.calls[0]?.[0] as string | undefined }
  }

  it('gets a 403 for no cache, and is told nothing of limits', () => {
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

  it('gets problem details where these are wanted', () => {
    const { res, sent } = forbidden({ problemDetails: true })
    expect(sent()).toBe('{"type":"about:blank","title":"Forbidden","status":403}')
    expect(res.statusCode).toBe(403)
    expect(res.getHeader('Content-Type')).toBe('application/problem+json')
  })

  it('is no business of the handler, the message or the status of refusals', () => {
    const handler = vi.fn()
    expect(forbidden({ handler, statusCode: 503 }).res.statusCode).toBe(403)
    expect(handler).not.toHaveBeenCalled()
    expect(forbidden({ message: 'Slow down' }).sent()).toBe('{"error":"forbidden"}')
  })

  it('gets nothing where the response has ended already', () => {
    const { res, next } = forbidden({}, (open) => open.end('time-out'))
    expect(res.statusCode).toBe(200)
    expect({ ...res.getHeaders() }).toEqual({})
    expect(next).not.toHaveBeenCalled()
  })

  it('goes to next where the response was patched by somebody, and throws', () => {
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
