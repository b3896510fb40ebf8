import { describe, expect, it } from 'vitest'
import type { Decision, LimitState } from '../../src/limits/decision.ts'
import { type ChargePlan, chargePlanner } from '../../src/request/charge-plan.ts'
import { RequestState } from '../../src/request/request-state.ts'
import {
  attachInfo,
  infoProperty,
  type ToldOutcome,
  writeHeaders,
  writePolicies,
} from '../../src/request/response-headers.ts'
import { MemoryStore } from '../../src/stores/memory/memory-store.ts'
import { parse } from '../support/parse.ts'
import { exchange } from './exchange.ts'

const settings = parse({ read: 10, standardHeaders: 'draft-11' })
const { formats } = settings
const plan = chargePlanner(settings)(exchange().req, '192.0.2.1') as ChargePlan

function decision(remaining: number, resetMs = 60_000): Decision {
  const state: LimitState = { name: 'read', limit: 10, remaining, resetMs }
  return { allowed: true, retryAfterMs: 0, limits: [state] }
}

/** What is told of a decision a second after the epoch. */
function told(answer: Decision, more: Partial<ToldOutcome> = {}): ToldOutcome {
  return { plan, answer, retryAfterMs: answer.retryAfterMs, nowMs: 1000, mode: 'enforce', ...more }
}

describe('writeHeaders', () => {
  it('writes every format', () => {
    const { res } = exchange()
    writeHeaders(res, formats, new RequestState(), told(decision(9)))
    expect({ ...res.getHeaders() }).toEqual({
      'x-ratelimit-limit': '10',
      'x-ratelimit-remaining': '9',
      'x-ratelimit-reset': '61',
      'ratelimit-policy': '"read";q=10;w=60',
      ratelimit: '"read";r=9;t=60',
    })
  })

  it.each([
    [9, 2],
    [2, 9],
  ])('shows the tighter of two limiters in single fields, both in lists: %d, %d', (one, other) => {
    const { res } = exchange()
    const requestState = new RequestState()
    for (const remaining of [one, other]) {
      writeHeaders(res, formats, requestState, told(decision(remaining)))
    }
    expect(res.getHeader('X-RateLimit-Remaining')).toBe('2')
    expect(res.getHeader('RateLimit')).toBe(`"read";r=${one};t=60, "read";r=${other};t=60`)
  })

  it.each([
    ['shadow', 'enforce'],
    ['enforce', 'shadow'],
  ] as const)('shows the one that is enforced in single fields, however tight: %s, %s', (...modes) => {
    const { res } = exchange()
    const requestState = new RequestState()
    for (const mode of modes) {
      writeHeaders(res, formats, requestState, told(decision(mode === 'shadow' ? 0 : 9), { mode }))
    }
    expect(res.getHeader('X-RateLimit-Remaining')).toBe('9')
  })

  it('writes shared fields in the dialect of the first limiter, and fields of its own in any case', () => {
    const { res } = exchange()
    const requestState = new RequestState()
    const { formats: others } = parse({ read: 10, standardHeaders: 'draft-7' })
    writeHeaders(res, formats, requestState, told(decision(9)))
    writeHeaders(res, others, requestState, told(decision(2)))
    writePolicies(res, others, requestState, plan)
    expect({ ...res.getHeaders() }).toMatchObject({
      'x-ratelimit-remaining': '2',
      'ratelimit-policy': '"read";q=10;w=60',
      ratelimit: '"read";r=9;t=60',
    })
  })

  it('shows of a token bucket what it holds, and the time in which it fills', () => {
    const bucket = parse({
      read: { limit: 10, windowSec: 60, algorithm: 'token-bucket', burst: 40 },
      standardHeaders: true,
    })
    const asked = chargePlanner(bucket)(exchange().req, '192.0.2.1') as ChargePlan
    const { res } = exchange()
    const answer = new MemoryStore({ clock: { now: () => 0 } }).consume(asked.charge)
    writeHeaders(res, bucket.formats, new RequestState(), told(answer, { plan: asked }))
    expect({ ...res.getHeaders() }).toEqual({
      'x-ratelimit-limit': '40',
      'x-ratelimit-remaining': '39',
      // 39 units come back in 234 s, a second after the epoch.
      'x-ratelimit-reset': '235',
      'ratelimit-policy': '"read";q=40;w=240',
      ratelimit: '"read";r=39;t=234',
    })
  })

  it('writes nothing once the response is out', () => {
    const { res } = exchange()
    res.end()
    writeHeaders(res, formats, new RequestState(), told(decision(9)))
    writePolicies(res, formats, new RequestState(), plan)
    expect({ ...res.getHeaders() }).toEqual({})
  })
})

describe('writePolicies', () => {
  it('tells what the limits are, and nothing of where they stand', () => {
    const { res } = exchange()
    writePolicies(res, formats, new RequestState(), plan)
    expect({ ...res.getHeaders() }).toEqual({ 'ratelimit-policy': '"read";q=10;w=60' })
  })

  it('decides the dialect as well, where it is the first to write', () => {
    const { res } = exchange()
    const requestState = new RequestState()
    const { formats: others } = parse({ read: 10, legacyHeaders: false, standardHeaders: 'draft-6' })
    writePolicies(res, others, requestState, plan)
    writeHeaders(res, formats, requestState, told(decision(9)))
    expect(res.getHeader('RateLimit-Policy')).toBe('10;w=60')
    expect(res.hasHeader('RateLimit')).toBe(false)
    expect(res.getHeader('X-RateLimit-Remaining')).toBe('9')
  })
})

describe('attachInfo', () => {
  it('puts the tightest of its limits on the request', () => {
    const { req } = exchange()
    const loose: LimitState = { name: 'a', limit: 10, remaining: 9, resetMs: 60_000 }
    const tight: LimitState = { name: 'b', limit: 5, remaining: 1, resetMs: 1500 }
    const both = { allowed: false, retryAfterMs: 1500, limits: [loose, tight] }
    const info = attachInfo(
      req,
      infoProperty('quota'),
      new RequestState(),
      told(both, { retryAfterMs: 2000 }),
    )
    expect(info).toEqual({
      limit: 5,
      used: 4,
      remaining: 1,
      resetTime: new Date(2500),
      key: '192.0.2.1',
      class: 'read',
      allowed: false,
      banned: false,
      // Not that of the limiter alone: a limiter before may ask for the longer wait.
      retryAfterMs: 2000,
      limits: [loose, tight],
    })
    expect(Reflect.get(req, 'quota')).toBe(info)
    expect(Reflect.has(req, 'rateLimit')).toBe(false)
  })

  it('tells whether the client is banned, newly or not', () => {
    const infoOf = (isNew?: boolean): unknown => {
      const ban = isNew === undefined ? {} : { ban: { endsInMs: 90_000, isNew } }
      const answer = { ...decision(0, 90_000), allowed: false, retryAfterMs: 90_000, ...ban }
      return attachInfo(exchange().req, infoProperty('rateLimit'), new RequestState(), told(answer))
    }
    const refused = { remaining: 0, used: 10, allowed: false, retryAfterMs: 90_000 }
    expect(infoOf()).toMatchObject({ ...refused, banned: false })
    expect(infoOf(true)).toMatchObject({ ...refused, banned: true, resetTime: new Date(91_000) })
    expect(infoOf(false)).toMatchObject({ ...refused, banned: true })
  })

  it.each([
    [9, 2],
    [2, 9],
    [2, 2],
  ])('leaves the tighter of two limiters there: %d, %d', (one, other) => {
    const { req } = exchange()
    const requestState = new RequestState()
    const infos = [one, other].map((remaining) =>
      attachInfo(req, infoProperty('rateLimit'), requestState, told(decision(remaining))),
    )
    expect(infos.map(({ remaining }) => remaining)).toEqual([one, other])
    expect(Reflect.get(req, 'rateLimit')).toBe(infos[one <= other ? 0 : 1])
  })

  it('leaves that of the enforced one there, however tight the other is', () => {
    for (const modes of [
      ['shadow', 'enforce'],
      ['enforce', 'shadow'],
    ] as const) {
      const { req } = exchange()
      const requestState = new RequestState()
      for (const mode of modes) {
        attachInfo(
          req,
          infoProperty('rateLimit'),
          requestState,
          told(decision(mode === 'shadow' ? 0 : 9), { mode }),
        )
      }
      expect(Reflect.get(req, 'rateLimit')).toMatchObject({ remaining: 9 })
    }
  })

  it('keeps the infos of two properties apart', () => {
    const { req } = exchange()
    const requestState = new RequestState()
    attachInfo(req, infoProperty('first'), requestState, told(decision(1)))
    const second = attachInfo(req, infoProperty('second'), requestState, told(decision(9)))
    expect(Reflect.get(req, 'second')).toBe(second)
  })
})
