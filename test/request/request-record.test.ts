import { describe, expect, it } from 'vitest'
import {
  RequestRecord,
  recordBesideRequest,
  recordOnRequest,
  requestRecordOf,
} from '../../src/request/request-record.ts'
import { exchange } from './exchange.ts'

describe('RequestRecord', () => {
  it('keeps the last value under each name', () => {
    const record = new RequestRecord()
    expect(record.valueOf('rateLimit')).toBeUndefined()
    record.setValue('rateLimit', 1)
    record.setValue('loginLimit', 2)
    expect([record.valueOf('rateLimit'), record.valueOf('loginLimit')]).toEqual([1, 2])
    record.setValue('rateLimit', undefined)
    expect([record.valueOf('rateLimit'), record.valueOf('loginLimit')]).toEqual([undefined, 2])
  })
})

describe.each([
  ['on requests', recordOnRequest],
  ['beside requests', recordBesideRequest],
])('the records %s', (where, recordOf) => {
  it('are one for each request, shared with other copies of the library', () => {
    const [{ req }, { req: other }] = [exchange(), exchange()]
    const record = recordOf(req)
    expect(recordOf(req)).toBe(record)
    expect(recordOf(other)).not.toBe(record)
    const onRequest: unknown = Reflect.get(req, Symbol.for('express-tollgate.request-record'))
    const beside = Reflect.get(globalThis, Symbol.for('express-tollgate.request-records')) as WeakMap<
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
