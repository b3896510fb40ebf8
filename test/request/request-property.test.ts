import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import express from 'express'
import express4 from 'express4'
import supertest from 'supertest'
import { describe, expect, it } from 'vitest'
import { requestRecordOf } from '../../src/request/record-of-request.ts'
import { requestProperty } from '../../src/request/request-property.ts'

/** A request as an app makes it: its prototype inherits from Node's own. */
function requestOf(prototype: object): Record<string, unknown> & IncomingMessage {
  return Object.setPrototypeOf(new IncomingMessage(new Socket()), prototype) as never
}

const requests = (): object => Object.create(IncomingMessage.prototype) as object

function put(req: IncomingMessage, name: string, value: unknown): void {
  requestProperty(name).set(req, requestRecordOf(req), () => value)
}

describe('a value on a request of an app', () => {
  it('is read under its name, and is no own property of the request', () => {
    const req = requestOf(requests())
    put(req, 'quota', 1)
    expect(req.quota).toBe(1)
    expect(Object.keys(req)).not.toContain('quota')
    expect('quota' in req).toBe(true)
  })

  it('belongs to one request and one name', () => {
    const prototype = requests()
    const [one, other] = [requestOf(prototype), requestOf(prototype)]
    put(one, 'first', 1)
    put(one, 'second', 2)
    put(other, 'first', 3)
    expect([one.first, one.second, other.first, other.second]).toEqual([1, 2, 3, undefined])
    put(one, 'first', 4)
    expect([one.first, one.second]).toEqual([4, 2])
  })

  it('can be assigned by other code; the last value counts', () => {
    const req = requestOf(requests())
    put(req, 'quota', 1)
    req.quota = 2
    expect(req.quota).toBe(2)
    put(req, 'quota', 3)
    expect(req.quota).toBe(3)
  })

  it('replaces what middleware before has put on the first request', () => {
    const req = requestOf(requests())
    req.quota = 'of another limiter'
    put(req, 'quota', 1)
    expect(req.quota).toBe(1)
    expect(Object.keys(req)).not.toContain('quota')
  })

  it('stays when a sub-app takes the request over, and when the sub-app hands it back', () => {
    const outer = requests()
    const inner = Object.create(outer) as object
    const req = requestOf(inner)
    put(req, 'quota', 1)
    Object.setPrototypeOf(req, outer)
    expect(req.quota).toBe(1)
    Object.setPrototypeOf(req, inner)
    expect(req.quota).toBe(1)
  })

  it('is found by a second limiter, and by another copy of the library', () => {
    const prototype = requests()
    const req = requestOf(prototype)
    put(req, 'quota', 1)
    put(req, 'quota', 2)
    const get = Object.getOwnPropertyDescriptor(prototype, 'quota')?.get
    expect(Reflect.get(get ?? {}, Symbol.for('express-tollgate.accessor.2'))).toBe(true)
    expect(get?.call(req)).toBe(2)
  })
})

describe('a value on any other request', () => {
  it("is an own property, and Node's prototype stays unchanged", () => {
    const req = new IncomingMessage(new Socket()) as unknown as Record<string, unknown> & IncomingMessage
    put(req, 'quota', 1)
    expect(Object.keys(req)).toContain('quota')
    expect(req.quota).toBe(1)
    expect('quota' in IncomingMessage.prototype).toBe(false)
  })

  it('is an own property where the request is not from Node', () => {
    const req = { headers: {} } as unknown as Record<string, unknown> & IncomingMessage
    put(req, 'quota', 1)
    expect(Object.keys(req)).toContain('quota')
  })

  it('is an own property where the prototype cannot be changed', () => {
    const req = requestOf(Object.freeze(requests()))
    put(req, 'quota', 1)
    expect(Object.keys(req)).toContain('quota')
    expect(req.quota).toBe(1)
  })

  it('is an own property where the prototype has a property of that name', () => {
    const prototype = Object.assign(requests(), { quota: 'taken' })
    const req = requestOf(prototype)
    put(req, 'quota', 1)
    expect(Object.keys(req)).toContain('quota')
    expect([req.quota, requestOf(prototype).quota]).toEqual([1, 'taken'])
  })
})

describe.each([
  ['Express 4', express4],
  ['Express 5', express],
])('on %s', (_version, create) => {
  it('is read by handlers in sub-apps and after them', async () => {
    const property = requestProperty('seenByAll')
    const [app, sub] = [create(), create()]
    const seen: unknown[] = []
    const read = (req: object): void => void seen.push(Reflect.get(req, 'seenByAll'))
    sub.use((req, _res, next) => {
      property.set(req, requestRecordOf(req), () => 'set in the sub-app')
      read(req)
      next()
    })
    app.use('/sub', sub)
    app.use((req, res) => {
      read(req)
      res.end()
    })
    await supertest(app).get('/sub')
    expect(seen).toEqual(['set in the sub-app', 'set in the sub-app'])
  })
})
