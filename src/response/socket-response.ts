import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/**
 * A response that writes to a socket and closes it afterwards. Undefined, with the socket destroyed, for an upgrade that
 * was pipelined behind a request whose response is not sent yet. No client has a reason to do that, and the client would
 * take everything that is written now, by a limiter or a handler, for that response.
 */
export function responseOnSocket(req: IncomingMessage, socket: Socket): ServerResponse | undefined {
  const res = new ServerResponse(req)
  res.shouldKeepAlive = false
  res.once('finish', () => socket.destroySoon())
  try {
    res.assignSocket(socket)
    return res
  } catch {
    socket.destroy()
    return undefined
  }
}

/**
 * Whether a response can carry a whole answer. The response that Socket.IO's engine gives to middleware for a WebSocket
 * cannot: it keeps headers for the handshake, and its `end` closes the socket without an answer.
 */
export function isWholeResponse(res: ServerResponse): boolean {
  return typeof res.getHeaderNames === 'function'
}

/**
 * A response on the socket of one that cannot carry an answer, with the given headers of it. Undefined where there is no
 * socket to write to.
 */
export function wholeResponseFor(
  req: IncomingMessage,
  partial: ServerResponse,
  headerNames: readonly string[],
): ServerResponse | undefined {
  const socket = partial.socket ?? req.socket
  if (socket === null || socket === undefined || socket.destroyed) return undefined
  const whole = responseOnSocket(req, socket)
  for (const name of headerNames) {
    const value = partial.getHeader?.(name)
    if (value !== undefined) whole?.setHeader(name, value)
  }
  return whole
}
