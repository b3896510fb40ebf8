import http from 'node:http'
import type { AddressInfo } from 'node:net'

/** Calls `use` with a server on a free port of 127.0.0.1. Then closes the server and all its connections. */
export async function withListeningServer<T>(
  handler: http.RequestListener | http.Server,
  use: (port: number, server: http.Server) => Promise<T>,
): Promise<T> {
  const server = handler instanceof http.Server ? handler : http.createServer(handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    return await use((server.address() as AddressInfo).port, server)
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}
