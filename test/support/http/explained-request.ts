import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'

/** A request that was never sent, with the address of its peer and its headers, for `limiter.explain`. */
export function requestFrom(peer: string, headers: Readonly<Record<string, string>>): IncomingMessage {
  const socket = new Socket()
  Object.defineProperty(socket, 'remoteAddress', { value: peer })
  const request = new IncomingMessage(socket)
  Object.assign(request.headers, headers)
  return request
}
