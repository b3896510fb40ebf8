import { describe, expect, it } from 'vitest'
import { recordBesideRequest, recordOnRequest, requestRecordOf } from '../../src/request/record-of-request.ts'
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
