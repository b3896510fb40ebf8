import type { Server, ServerResponse } from 'node:http'
import { onEveryRequest } from './server-requests.ts'

/** Stops a server after the requests under way are answered. */
export interface Drain {
  /** Accepts no more connections, and waits at most `withinMs` for the open ones. */
  close(withinMs: number): Promise<void>
}

/** Prepares a server for a clean stop. */
export function prepareDrain(server: Server): Drain {
  const underWay = new Set<ServerResponse>()
  let closing = false
  onEveryRequest(server, (res) => {
    underWay.add(res)
    if (closing) announceClose(res)
    res.once('close', () => {
      underWay.delete(res)
      // A kept-alive connection has to close after the answer that it was waiting for.
      if (closing) setImmediate(() => server.closeIdleConnections())
    })
  })
  return {
    async close(withinMs) {
      closing = true
      for (const res of underWay) announceClose(res)
      if (!server.listening) return
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      const deadline = setTimeout(() => server.closeAllConnections(), withinMs)
      await closed
      clearTimeout(deadline)
    },
  }
}

/** Asks the client to send nothing more on this connection, if the headers are not sent yet. */
function announceClose(res: ServerResponse): void {
  if (!res.headersSent) res.setHeader('Connection', 'close')
}
