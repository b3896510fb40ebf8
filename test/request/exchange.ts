import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'

/** A request and its response. */
export interface Exchange {
  readonly req: IncomingMessage
  readonly res: ServerResponse
}

/** A request and its response without a connection: what is written can be read, nothing is sent. */
export function exchange(method = 'GET', address = '127.0.0.1'): Exchange {
  const req = new IncomingMessage(Object.defineProperty(new Socket(), 'remoteAddress', { value: address }))
  req.method = method
  req.url = '/'
  return { req, res: new ServerResponse(req) }
}
