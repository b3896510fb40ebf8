import type { IncomingMessage, ServerResponse } from 'node:http'
import { warn } from '../errors/warning.ts'
import { chain, isPromiseLike } from '../maybe-promise.ts'
import type { RefundSettings } from '../options/refund-options.ts'

/**
 * Gives a charge back once the response is known to be of the kind that does not count.
 *
 * Only `finish` on a connection that still stands says that the client got its answer. A client that hung
 * up keeps its charge: otherwise it could probe for nothing by never waiting for the answer.
 */
export function refundWhenKnown<Req extends IncomingMessage, Res extends ServerResponse>(
  req: Req,
  res: Res,
  { refunds, wasSuccessful }: RefundSettings<Req, Res>,
  refund: () => void,
): void {
  let aborted = false
  res.once('close', () => {
    aborted = true
  })
  res.once('finish', () => {
    if (aborted || req.socket.destroyed) return
    try {
      const done = chain(wasSuccessful(req, res), (successful) => {
        if (successful === (refunds === 'successful')) refund()
      })
      if (isPromiseLike(done)) Promise.resolve(done).catch(warnOfQuestion)
    } catch (error) {
      warnOfQuestion(error)
    }
  })
}

/** The response is out and `next` was called: there is nobody left to hand the error to. */
function warnOfQuestion(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error)
  warn('TOLLGATE_REFUND_FAILED', `requestWasSuccessful failed, and the charge stays: ${message}`)
}
