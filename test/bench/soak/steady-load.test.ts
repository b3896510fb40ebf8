import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { SteadyLoad } from './steady-load.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function serve(onRequest: Parameters<typeof createServer>[1]): Promise<number> {
  const server = createServer(onRequest as never).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

describe('a steady load', () => {
  it('goes to all ports, from a few frequent and many rare clients, and counts each status', async () => {
    const clients = new Map<string, number>()
    const count = (client: string): number => {
      clients.set(client, (clients.get(client) ?? 0) + 1)
      return clients.get(client) ?? 0
    }
    const ports = await Promise.all(
      [200, 503].map((status) =>
        serve((req, res) => {
          count(String(req.headers['x-forwarded-for']))
          res.statusCode = status
          res.end('x')
        }),
      ),
    )
    const load = new SteadyLoad(ports, 1000)
    const total = (): number => [...load.statuses.values()].reduce((sum, times) => sum + times, 0)
    await vi.waitUntil(() => total() >= 100, { timeout: 60_000 })
    await load.stop()
    expect([...load.statuses.keys()].sort()).toEqual([200, 503])
    // Two requests go to each port in turn.
    expect(Math.abs((load.statuses.get(200) ?? 0) - (load.statuses.get(503) ?? 0))).toBeLessThanOrEqual(2)
    const offenders = [...clients.keys()].filter((client) => client.startsWith('192.0.2.'))
    expect(offenders.sort()).toEqual([0, 1, 2, 3, 4].map((index) => `192.0.2.${index}`))
    const ofOffenders = offenders.reduce((sum, client) => sum + (clients.get(client) ?? 0), 0)
    expect(Math.abs(2 * ofOffenders - total())).toBeLessThanOrEqual(1)
    expect(load.firstError).toBeUndefined()
  })

  it('leaves requests out while too many have no answer, and counts them', async () => {
    let received = 0
    const port = await serve(() => void received++)
    const load = new SteadyLoad([port], 50)
    await vi.waitUntil(() => load.unsent > 0, { timeout: 60_000 })
    expect(received).toBeLessThanOrEqual(100)
    for (const server of servers) server.closeAllConnections()
    await load.stop()
    expect(load.statuses.get(0)).toBe(100)
  })

  it('counts a request without an answer as 0, and names the reason', async () => {
    const port = await serve((req) => void req.socket.destroy())
    const load = new SteadyLoad([port], 1000)
    await vi.waitUntil(() => load.statuses.has(0), { timeout: 60_000 })
    await load.stop()
    expect([...load.statuses.keys()]).toEqual([0])
    expect(load.firstError).toMatch(/socket hang up|ECONNRESET/)
  })
})
