import { describe, expect, it } from 'vitest'
import { RequestRecord, requestRecordOf } from '../../src/request/request-record.ts'
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

describe('requestRecordOf', () => {
  it('is one for each request, shared with other copies of the library', () => {
    const [{ req }, { req: other }] = [exchange(), exchange()]
    const record = requestRecordOf(req)
    expect(requestRecordOf(req)).toBe(record)
    expect(requestRecordOf(other)).not.toBe(record)
    const records = Symbol.for('express-tollgate.request-records')
    const shared = Reflect.get(globalThis, records) as WeakMap<object, unknown>
    expect(shared.get(req)).toBe(record)
    expect(Reflect.ownKeys(req).filter((key) => String(key).includes('tollgate'))).toEqual([])
  })
})
