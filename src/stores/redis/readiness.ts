// Waits until Redis is connected and answers, for the stores that an application can wait for.

import { withDeadline } from '../resilience/deadline.ts'
import { storeFailedError } from '../resilience/store-error.ts'

/** No limiter has this key, because its keys have a name and a class. */
export const READY_KEY = 'ready'

/** The wait for the connection ends a little before the call: its error says why there is no connection. */
const MARGIN_MS = 10

/** How long a call may wait for the connection, in milliseconds. */
export function connectionWaitMs(connectDeadlineMs: number): number {
  return Math.max(1, connectDeadlineMs - MARGIN_MS)
}

/** @throws RateLimiterError `store_failed` with the cause, if the call fails or takes longer */
export async function answersWithin(connectDeadlineMs: number, call: Promise<unknown>): Promise<void> {
  const late = (): Error => new Error(`Redis did not answer within ${connectDeadlineMs} ms`)
  try {
    await withDeadline(call, connectDeadlineMs, late)
  } catch (error) {
    throw storeFailedError(error)
  }
}
