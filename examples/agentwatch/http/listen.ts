import type { AddressInfo, Server } from 'node:net'
import { createServer } from 'node:net'

const HOST = '127.0.0.1'

/**
 * Listens on 127.0.0.1.
 *
 * @param port 0 for any free port
 * @returns the port on which the server listens
 * @throws Error that says what to do, for a port that is in use or needs more rights
 */
export async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(explainListenError(error, port)))
    server.listen(port, HOST, resolve)
  })
  server.removeAllListeners('error')
  return (server.address() as AddressInfo).port
}

/**
 * Checks that a server can listen on a port.
 *
 * @throws Error as `listen` does
 */
export async function checkPort(port: number): Promise<void> {
  const server = createServer()
  await listen(server, port)
  await new Promise((resolve) => server.close(resolve))
}

function explainListenError(error: Error, port: number): Error {
  const code: unknown = 'code' in error ? error.code : undefined
  const remedy = `Choose another port, for example: PORT=${port < 65_535 ? port + 1 : 3000} npm start`
  if (code === 'EADDRINUSE') {
    return new Error(`Port ${port} on ${HOST} is in use by another program. ${remedy}`, { cause: error })
  }
  if (code === 'EACCES') {
    return new Error(`Port ${port} on ${HOST} needs more rights than this user has. ${remedy}`, {
      cause: error,
    })
  }
  return error
}
