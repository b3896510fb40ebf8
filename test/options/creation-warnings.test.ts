import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import express4Untyped from 'express4'
import { describe, expect, it } from 'vitest'
import { createRateLimiter } from '../../src/create-rate-limiter.ts'
import { claimName, releaseName } from '../../src/options/creation-warnings.ts'
import { MemoryStore } from '../../src/stores/memory/memory-store.ts'
import { type EmittedWarning, emittedBy } from '../errors/emitted-warnings.ts'

const express4 = express4Untyped as unknown as typeof express

/** The warnings while a server is started, with `whenListening` called, and asked once. */
async function warningsOf(
  listener: RequestListener,
  whenListening = (): void => undefined,
): Promise<EmittedWarning[]> {
  return emittedBy(async () => {
    const server = createServer(listener)
    await new Promise<void>((resolve) =>
      server.listen(0, '127.0.0.1', () => {
        whenListening()
        resolve()
      }),
    )
    try {
      const { port } = server.address() as AddressInfo
      const response = await fetch(`http://127.0.0.1:${port}/`)
      expect(response.status).toBe(200)
      await response.text()
    } finally {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  })
}

describe('a limiter created while a request is handled', () => {
  const warning = {
    code: 'TOLLGATE_CREATED_IN_REQUEST',
    message:
      "The limiter 'late' was created while a request is handled. Create it once, when the app starts: a new limiter has counted nobody yet.",
  }
  const createLate = (): unknown => createRateLimiter({ name: 'late' })

  it('is warned of in a node:http handler', async () => {
    const warnings = await warningsOf((_req, res) => {
      createLate()
      res.end()
    })
    expect(warnings).toEqual([warning])
  })

  it.each([
    ['Express 5', express],
    ['Express 4', express4],
  ])('is warned of in handlers of %s, in routers and used at once', async (_name, framework) => {
    const app = framework()
    const router = framework.Router()
    router.use((req, res, next) => createRateLimiter({ name: 'late' })(req, res, next))
    router.get('/', (_req, res) => {
      createLate()
      res.send('ok')
    })
    app.use(router)
    expect(await warningsOf(app)).toEqual([warning, warning])
  })

  it('is told by the frames of a router alone, where no server of Node is on the stack', async () => {
    const router = express.Router()
    router.use(() => {
      createLate()
    })
    const handle = router as unknown as (req: object, res: object, done: () => void) => void
    const handled = emittedBy(() => handle({ method: 'GET', url: '/' }, {}, () => undefined))
    expect(await handled).toEqual([warning])
  })

  it('is not one created at start-up, nor when the server begins to listen', async () => {
    expect(
      await warningsOf(
        (_req, res) => res.end(),
        () => createLate(),
      ),
    ).toEqual([])
    expect(await emittedBy(createLate)).toEqual([])
    expect(await emittedBy(() => express().use(createRateLimiter({ name: 'late' })))).toEqual([])
  })

  it('leaves the length of stack traces as it was', () => {
    const { stackTraceLimit } = Error
    try {
      Error.stackTraceLimit = 7
      createLate()
      expect(Error.stackTraceLimit).toBe(7)
    } finally {
      Error.stackTraceLimit = stackTraceLimit
    }
  })
})

describe('a name that two limiters have in one store', () => {
  const warning = {
    code: 'TOLLGATE_NAME_SHARED',
    message:
      "Two limiters named 'api' count in one store, and so in the same counters: what passes one uses up the other. Give each a name of its own.",
  }

  it('is warned of', async () => {
    const store = new MemoryStore()
    expect(await emittedBy(() => createRateLimiter({ store, name: 'api' }))).toEqual([])
    expect(await emittedBy(() => createRateLimiter({ store, name: 'api' }))).toEqual([warning])
  })

  it('is fine in stores of their own, and under names of their own', async () => {
    const store = new MemoryStore()
    const warnings = await emittedBy(() => {
      createRateLimiter({ store, name: 'api' })
      createRateLimiter({ store, name: 'login' })
      createRateLimiter({ store: new MemoryStore(), name: 'api' })
      createRateLimiter({ name: 'api' })
    })
    expect(warnings).toEqual([])
  })

  it('is free again once the limiter is closed', async () => {
    const store = new MemoryStore()
    const first = createRateLimiter({ store, name: 'api' })
    await first.close()
    await first.close()
    expect(await emittedBy(() => createRateLimiter({ store, name: 'api' }))).toEqual([])
    expect(await emittedBy(() => createRateLimiter({ store, name: 'api' }))).toEqual([warning])
  })

  it('is released without harm where nobody has claimed it', async () => {
    const store = new MemoryStore()
    releaseName(store, 'api')
    claimName(store, 'other')
    releaseName(store, 'api')
    expect(await emittedBy(() => claimName(store, 'api'))).toEqual([])
    expect(await emittedBy(() => claimName(store, 'api'))).toEqual([warning])
  })
})
