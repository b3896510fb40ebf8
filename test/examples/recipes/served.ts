import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type express from 'express'
import type { Express } from 'express'
import request from 'supertest'
import { onTestFinished, vi } from 'vitest'

/** Loads a module anew, with a version of Express in the place of the one that it imports. */
export async function loadedOn<Module>(
  version: typeof express,
  load: () => Promise<Module>,
): Promise<Module> {
  vi.resetModules()
  vi.doMock('express', () => ({ default: version }))
  onTestFinished(() => {
    vi.doUnmock('express')
  })
  return await load()
}

/** An app on a port of the loopback interface, behind a proxy on this machine, until the test ends. */
export async function served(app: Express): Promise<Served> {
  app.set('trust proxy', 'loopback')
  const server: Server = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    at: (address) => request.agent(url).set('X-Forwarded-For', address),
    async statuses(path, count, init) {
      const seen: Record<number, number> = {}
      for (let index = 0; index < count; index++) {
        const response = await fetch(`${url}${path}`, init(index))
        await response.arrayBuffer()
        seen[response.status] = (seen[response.status] ?? 0) + 1
      }
      return seen
    },
  }
}

export interface Served {
  readonly url: string
  /** A client at an address. */
  readonly at: (address: string) => ReturnType<typeof request.agent>
  /** How often which status answers so many requests, one after the other over connections that are kept. */
  readonly statuses: (
    path: string,
    count: number,
    init: (index: number) => RequestInit,
  ) => Promise<Record<number, number>>
}

/** The seconds of `Retry-After`, which every refusal has. */
export function retryAfter({ headers }: request.Response): number {
  return Number(headers['retry-after'])
}
