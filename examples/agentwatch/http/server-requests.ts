import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Server, ServerResponse } from 'node:http'

/** Node publishes every request here before the server emits `request`. */
const CHANNEL = 'http.server.request.start'

/**
 * Calls `listener` with the response of every request, until the server is closed. A listener of `request`
 * would not get the requests that the guard of the limiter refuses.
 */
export function onEveryRequest(server: Server, listener: (res: ServerResponse) => void): void {
  const onStart = (message: unknown): void => {
    const started = message as { readonly server: Server; readonly response: ServerResponse }
    if (started.server === server) listener(started.response)
  }
  subscribe(CHANNEL, onStart)
  server.once('close', () => unsubscribe(CHANNEL, onStart))
}
