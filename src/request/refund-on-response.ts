import type { IncomingMessage, ServerResponse } from 'node:http'
import { warn } from '../errors/warning.ts'
import { chain, isPromiseLike } from '../maybe-promise.ts'
import type { RefundSettings } from '../options/refund-options.ts'

/**
 * Gives a charge back once the response is of the kind that does not count.
 *
 * Only `finish` on a connection that is still open means that the client got its answer. A client that closed the
 * connection keeps its charge. Otherwise it could try passwords for free by never waiting for the answer.
 */
export function refundWhenFinished<Req extends IncomingMessage, Res extends ServerResponse>(
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
    if (aborted || isClientGone(req)) return
    try {
      const done = chain(wasSuccessful(req, res), (successful) => {
        if (successful === (refunds === 'successful')) refund()
      })
      if (isPromiseLike(done)) Promise.resolve(done).catch(warnOfFailedCheck)
    } catch (error) {
      warnOfFailedCheck(error)
    }
  })
}

/** Whether the client closed its connection, or the stream of its request, before it had the whole answer. */
function isClientGone(req: IncomingMessage): boolean {
  // With HTTP/2 the socket belongs to many requests, is not to be used, and reads as destroyed once the stream has
  // closed; and `finish` comes for a stream that was reset too.
  const { stream } = req as { readonly stream?: { readonly aborted?: boolean; readonly rstCode?: number } }
  if (req.httpVersionMajor >= 2 && stream !== undefined)
    return stream.aborted === true || stream.rstCode !== 0
  return req.socket.destroyed
}

/** The response was sent and `next` was called: no error handler is left to take the error. */
function warnOfFailedCheck(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error)
  warn('TOLLGATE_REFUND_FAILED', `requestWasSuccessful failed, and the charge stays: ${message}`)
}
