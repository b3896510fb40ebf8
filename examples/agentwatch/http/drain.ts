import type { Server, ServerResponse } from 'node:http'

/** Stops a server without cutting anybody off. */
export interface Drain {
  /** Takes no more connections and waits for those that are there, at most so long. */
  close(withinMs: number): Promise<void>
}

/** Prepares a server for a clean stop. */
export function prepareDrain(server: Server): Drain {
  const underWay = new Set<ServerResponse>()
  let closing = false
  server.on('request', (_req, res) => {
    underWay.add(res)
    if (closing) announceClose(res)
    res.once('close', () => {
      underWay.delete(res)
      // A kept-alive connection must not outlive the answer that it was waiting for.
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

/** Tells the client to send nothing more on this connection, if there is still time to tell. */
function announceClose(res: ServerResponse): void {
  if (!res.headersSent) res.setHeader('Connection', 'close')
}
