import { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { recordBesideRequest, recordOnRequest, requestRecordOf } from '../../src/request/record-of-request.ts'
import { requestProperty } from '../../src/request/request-property.ts'
import { exchange } from './exchange.ts'

describe.each([
  ['on requests', recordOnRequest],
  ['beside requests', recordBesideRequest],
])('the records %s', (where, recordOf) => {
  it('are one for each request, shared with other copies of the library', () => {
    const [{ req }, { req: other }] = [exchange(), exchange()]
    const record = recordOf(req)
    expect(recordOf(req)).toBe(record)
    expect(recordOf(other)).not.toBe(record)
    const onRequest: unknown = Reflect.get(req, Symbol.for('express-tollgate.request-record.2'))
    const beside = Reflect.get(globalThis, Symbol.for('express-tollgate.request-records.2')) as WeakMap<
      object,
      unknown
    >
    expect([onRequest, beside.get(req)]).toEqual(
      where === 'on requests' ? [record, undefined] : [undefined, record],
    )
    expect(Object.keys(req).filter((key) => key.includes('tollgate'))).toEqual([])
  })

  it('are those of this version of Node, or of others', () => {
    const isOnRequests = Number(process.versions.v8.split('.')[0]) >= 13
    expect(requestRecordOf === recordOf).toBe(isOnRequests === (where === 'on requests'))
  })
})

describe('a request with the record of another version of this library', () => {
  it('is served by both, each with its own record', async () => {
    const prototype = Object.create(IncomingMessage.prototype) as object
    const { req } = exchange()
    Object.setPrototypeOf(req, prototype)
    // As version 0.2.0 leaves them: the record of another shape, and an accessor that reads it.
    const other = { state: {}, valueOf: () => 'of the other version' }
    Object.assign(req, { [Symbol.for('express-tollgate.request-record')]: other })
    const get = Object.assign(() => other.valueOf(), { [Symbol.for('express-tollgate.accessor')]: true })
    let assigned: unknown
    const set = (value: unknown): void => {
      assigned = value
    }
    Object.defineProperty(prototype, 'rateLimit', { get, set, configurable: true })
    const record = requestRecordOf(req)
    expect(record.hasCharged(Symbol('limiter'))).toBe(false)
    // The accessor of the other version gets the value, and would return it.
    requestProperty('rateLimit').set(req, record, () => 'own')
    expect(assigned).toBe('own')
  })
})
