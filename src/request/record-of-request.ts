import type { IncomingMessage } from 'node:http'
import { sharedState } from '../errors/shared-state.ts'
import { RequestRecord } from './request-record.ts'

// Both names are of Symbol.for: copies of this library (ESM beside CommonJS) share the records. The number in the names
// changes with the shape of a record, as does that of the accessor (request-property.ts): see sharedState.
const RECORD: unique symbol = Symbol.for('express-tollgate.request-record.2')
const records = sharedState(
  Symbol.for('express-tollgate.request-records.2'),
  () => new WeakMap<IncomingMessage, RequestRecord>(),
)

/** The record in a property of the request. */
export function recordOnRequest(req: IncomingMessage): RequestRecord {
  const carrier = req as { [RECORD]?: RequestRecord }
  carrier[RECORD] ??= new RequestRecord()
  return carrier[RECORD]
}

/** The record beside the request. */
export function recordBesideRequest(req: IncomingMessage): RequestRecord {
  let record = records.get(req)
  if (record === undefined) {
    record = new RequestRecord()
    records.set(req, record)
  }
  return record
}

/**
 * From this version of V8 on (Node 24), a property costs a request of Express little, and the entry of a WeakMap costs
 * the garbage collector microseconds. Before, it is the other way round: Express changes the prototype of each request,
 * and adding a property after that takes microseconds.
 */
const FIRST_V8_WITH_CHEAP_PROPERTY = 13

const hasCheapProperty = Number.parseInt(process.versions.v8 ?? '', 10) >= FIRST_V8_WITH_CHEAP_PROPERTY

/** The record of a request; the first call makes it. */
export const requestRecordOf: (req: IncomingMessage) => RequestRecord = hasCheapProperty
  ? recordOnRequest
  : recordBesideRequest
