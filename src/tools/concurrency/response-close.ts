import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** What waits for a socket to close: one listener for each socket, however many requests it has. */
const waitingFor = new WeakMap<Socket, Set<() => void>>()

/**
 * Calls back once when a response is over: sent, or its connection closed. Calls back at once if it is over already.
 *
 * A response emits `close` if it has the socket. It gets no such event while it waits behind another response of its
 * connection (pipelining), and when an upgrade or CONNECT has taken the socket: then the socket is asked.
 *
 * @returns a function after whose call nothing is called back
 */
export function whenClosed(req: IncomingMessage, res: ServerResponse, onClosed: () => void): () => void {
  if (isClosed(req, res)) {
    onClosed()
    return () => undefined
  }
  // Adapters may make requests without a socket.
  const socket: Socket | undefined = mayCloseUnnoticed(req, res) ? req.socket : undefined
  const stop = (): void => {
    res.off('close', closed)
    res.off('finish', closed)
    if (socket !== undefined) waitingFor.get(socket)?.delete(closed)
  }
  const closed = (): void => {
    stop()
    onClosed()
  }
  res.once('close', closed)
  // With HTTP/1 both come together, except behind adapters for functions, whose responses never close.
  if (req.httpVersionMajor < 2) res.once('finish', closed)
  if (socket !== undefined) callbacksOf(socket).add(closed)
  return stop
}

function mayCloseUnnoticed(req: IncomingMessage, res: ServerResponse): boolean {
  if (req.httpVersionMajor >= 2) return false
  return res.socket === null || req.headers.upgrade !== undefined || req.method === 'CONNECT'
}

function isClosed(req: IncomingMessage, res: ServerResponse): boolean {
  if (res.destroyed || res.closed) return true
  // With HTTP/2 the socket belongs to many requests, and a response of `node:http2` has neither property.
  if (req.httpVersionMajor < 2) return req.socket?.destroyed === true
  const { stream } = res as { readonly stream?: { readonly closed?: boolean; readonly destroyed?: boolean } }
  return stream?.closed === true || stream?.destroyed === true
}

/** Pipelined requests can be many. A listener for each would look like a leak to Node. */
function callbacksOf(socket: Socket): Set<() => void> {
  let callbacks = waitingFor.get(socket)
  if (callbacks === undefined) {
    const made = new Set<() => void>()
    waitingFor.set(socket, made)
    socket.once('close', () => {
      for (const callback of [...made]) callback()
    })
    callbacks = made
  }
  return callbacks
}
