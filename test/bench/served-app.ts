import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RequestHandler } from 'express'

/** An Express app of one route, on loopback. */
export interface ServedApp {
  readonly server: Server
  readonly url: string
}

/** @param handler stands before the route */
export async function serveApp(handler: RequestHandler): Promise<ServedApp> {
  const { default: express } = await import('express')
  const app = express()
  app.use(handler)
  app.get('/', (_req, res) => {
    res.json({ ok: true })
  })
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { server, url: `http://127.0.0.1:${port}/` }
}
