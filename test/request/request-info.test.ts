import { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import type { LimitState } from '../../src/limits/decision.ts'
import { requestRecordOf } from '../../src/request/record-of-request.ts'
import { attachInfo } from '../../src/request/request-info.ts'
import { requestProperty } from '../../src/request/request-property.ts'
import { RequestRecord } from '../../src/request/request-record.ts'
import { exchange } from './exchange.ts'
import { decisionWith, shown } from './shown-decision.ts'

describe('attachInfo', () => {
  it('puts the tightest of its limits on the request', () => {
    const { req } = exchange()
    const record = new RequestRecord()
    const loose: LimitState = { name: 'a', limit: 10, remaining: 9, resetMs: 60_000 }
    const tight: LimitState = { name: 'b', limit: 5, remaining: 1, resetMs: 1500 }
    const both = { allowed: false, retryAfterMs: 1500, limits: [loose, tight] }
    const info = attachInfo(
      req,
      record,
      requestProperty('quota'),
      shown(record, both, { retryAfterMs: 2000 }),
    )()
    expect(info).toEqual({
      unit: 'requests',
      limit: 5,
      used: 4,
      remaining: 1,
      resetTime: new Date(2500),
      key: '192.0.2.1',
      class: 'read',
      allowed: false,
      banned: false,
      // The wait over all limiters: a limiter before may need the longer one.
      retryAfterMs: 2000,
      limits: [loose, tight],
    })
    expect(Reflect.get(req, 'quota')).toBe(info)
    expect(Reflect.has(req, 'rateLimit')).toBe(false)
  })

  it('shows whether the client is banned, by this refusal or before', () => {
    const infoOf = (isNew?: boolean): unknown => {
      const ban = isNew === undefined ? {} : { ban: { endsInMs: 90_000, isNew } }
      const answer = { ...decisionWith(0, 90_000), allowed: false, retryAfterMs: 90_000, ...ban }
      const record = new RequestRecord()
      return attachInfo(exchange().req, record, requestProperty('rateLimit'), shown(record, answer))()
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
  ])('keeps the info of the tighter of two limiters: %d, %d', (one, other) => {
    const { req } = exchange()
    const record = new RequestRecord()
    const infos = [one, other].map((remaining) =>
      attachInfo(req, record, requestProperty('rateLimit'), shown(record, decisionWith(remaining)))(),
    )
    expect(infos.map(({ remaining }) => remaining)).toEqual([one, other])
    expect(Reflect.get(req, 'rateLimit')).toBe(infos[one <= other ? 0 : 1])
  })

  it('keeps the info of the enforced limiter, even if the other is tighter', () => {
    for (const modes of [
      ['shadow', 'enforce'],
      ['enforce', 'shadow'],
    ] as const) {
      const { req } = exchange()
      const record = new RequestRecord()
      for (const mode of modes) {
        attachInfo(
          req,
          record,
          requestProperty('rateLimit'),
          shown(record, decisionWith(mode === 'shadow' ? 0 : 9), { isEnforced: mode === 'enforce' }),
        )
      }
      expect(Reflect.get(req, 'rateLimit')).toMatchObject({ remaining: 9 })
    }
  })

  it('keeps two properties apart', () => {
    const { req } = exchange()
    const record = new RequestRecord()
    attachInfo(req, record, requestProperty('first'), shown(record, decisionWith(1)))
    const second = attachInfo(req, record, requestProperty('second'), shown(record, decisionWith(9)))
    expect(Reflect.get(req, 'second')).toBe(second())
  })

  it('makes the info when it is first read, and once', () => {
    const { req } = exchange()
    // As an Express app does it. On a plain request of Node the info is a property of its own.
    Object.setPrototypeOf(req, Object.create(IncomingMessage.prototype) as object)
    const record = requestRecordOf(req)
    const visit = shown(record, decisionWith(1))
    attachInfo(req, record, requestProperty('rateLimit'), visit)
    expect(visit.info).toBeUndefined()
    const info: unknown = Reflect.get(req, 'rateLimit')
    expect(visit.info).toBe(info)
    expect(Reflect.get(req, 'rateLimit')).toBe(info)
  })
})
