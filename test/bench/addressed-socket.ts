import { Socket } from 'node:net'

/** A socket that has an address and no connection. */
export function socketFrom(remoteAddress: string): Socket {
  return Object.defineProperties(new Socket(), {
    remoteAddress: { value: remoteAddress },
    localAddress: { value: '127.0.0.1' },
  })
}
