import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type express from 'express'
import type { Express } from 'express'
import request from 'supertest'
import { onTestFinished, vi } from 'vitest'

/** Loads a module again, with this version of Express instead of the one that it imports. */
export async function loadWithExpress<Module>(
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

/** Serves an app on 127.0.0.1 until the test ends. The app trusts this machine as a proxy. */
export async function serveApp(app: Express): Promise<ServedApp> {
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
    clientAt: (address) => request.agent(url).set('X-Forwarded-For', address),
    async countStatuses(path, count, init) {
      const counts: Record<number, number> = {}
      for (let index = 0; index < count; index++) {
        const response = await fetch(`${url}${path}`, init(index))
        await response.arrayBuffer()
        counts[response.status] = (counts[response.status] ?? 0) + 1
      }
      return counts
    },
  }
}

export interface ServedApp {
  readonly url: string
  /** A client with this address. */
  readonly clientAt: (address: string) => ReturnType<typeof request.agent>
  /**
   * Sends `count` requests one after another over kept-alive connections. Resolves to the number of answers
   * of each status.
   */
  readonly countStatuses: (
    path: string,
    count: number,
    init: (index: number) => RequestInit,
  ) => Promise<Record<number, number>>
}

/** `Retry-After` of a refusal. */
export function retryAfterSeconds({ headers }: request.Response): number {
  return Number(headers['retry-after'])
}
