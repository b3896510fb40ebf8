import { execFile } from 'node:child_process'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import express from 'express'
import express4Untyped from 'express4'
import { describe, expect, it } from 'vitest'
import { createRateLimiter } from '../../src/create-rate-limiter.ts'
import { claimName, releaseName } from '../../src/limiter/creation-warnings.ts'
import { MemoryStore } from '../../src/stores/memory/memory-store.ts'
import { type EmittedWarning, emittedBy } from '../support/emitted-warnings.ts'

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
  const warningOf = (name: string): EmittedWarning => ({
    code: 'TOLLGATE_CREATED_IN_REQUEST',
    message: `The limiter '${name}' was created while a request was handled, so it starts with empty counters. Create it when the app starts.`,
  })

  it('causes a warning in a node:http handler', async () => {
    const warnings = await warningsOf((_req, res) => {
      createRateLimiter({ name: 'node:http' })
      res.end()
    })
    expect(warnings).toEqual([warningOf('node:http')])
  })

  it('causes one warning for each name in a process', async () => {
    const listener: RequestListener = (_req, res) => {
      for (const name of ['once', 'other', 'once']) createRateLimiter({ name })
      res.end()
    }
    expect(await warningsOf(listener)).toEqual([warningOf('once'), warningOf('other')])
    expect(await warningsOf(listener)).toEqual([])
  })

  it('causes a warning although a limiter of that name was created at start-up', async () => {
    createRateLimiter({ name: 'early' })
    const warnings = await warningsOf((_req, res) => {
      createRateLimiter({ name: 'early' })
      res.end()
    })
    expect(warnings).toEqual([warningOf('early')])
  })

  it.each([
    ['Express 5', express],
    ['Express 4', express4],
  ])('is warned of in handlers of %s, in routers and used at once', async (name, framework) => {
    const app = framework()
    const router = framework.Router()
    router.use((req, res, next) => createRateLimiter({ name: `${name} router` })(req, res, next))
    router.get('/', (_req, res) => {
      createRateLimiter({ name: `${name} handler` })
      res.send('ok')
    })
    app.use(router)
    expect(await warningsOf(app)).toEqual([warningOf(`${name} router`), warningOf(`${name} handler`)])
  })

  it('is detected by the stack frames of a router alone, without a server of Node on the stack', async () => {
    const router = express.Router()
    router.use(() => {
      createRateLimiter({ name: 'router alone' })
    })
    const handle = router as unknown as (req: object, res: object, done: () => void) => void
    const handled = emittedBy(() => handle({ method: 'GET', url: '/' }, {}, () => undefined))
    expect(await handled).toEqual([warningOf('router alone')])
  })

  it('is not a limiter created at start-up, nor one created when the server begins to listen', async () => {
    // A name that no test above was warned of, or silence would prove nothing.
    const create = (): unknown => createRateLimiter({ name: 'in time' })
    expect(
      await warningsOf(
        (_req, res) => res.end(),
        () => create(),
      ),
    ).toEqual([])
    expect(await emittedBy(create)).toEqual([])
    expect(await emittedBy(() => express().use(createRateLimiter({ name: 'in time' })))).toEqual([])
  })

  it('causes no warning where the length of stack traces is frozen', async () => {
    const program = `
      import { createRateLimiter } from './src/index.ts'
      createRateLimiter({ name: 'frozen' })
      console.log('created, of stack traces', Object.isFrozen(Error) ? 'frozen' : 'free')
    `
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ['--frozen-intrinsics', '--import', 'tsx', '--input-type=module', '--eval', program],
      { cwd: fileURLToPath(new URL('../..', import.meta.url)), timeout: 60_000 },
    )
    expect(stdout).toBe('created, of stack traces frozen\n')
    expect(stderr).not.toContain('TOLLGATE')
  })

  it('leaves the length of stack traces unchanged', () => {
    const { stackTraceLimit } = Error
    try {
      Error.stackTraceLimit = 7
      createRateLimiter({ name: 'short stacks' })
      expect(Error.stackTraceLimit).toBe(7)
    } finally {
      Error.stackTraceLimit = stackTraceLimit
    }
  })
})

describe('one name of two limiters in one store', () => {
  const warning = {
    code: 'TOLLGATE_NAME_SHARED',
    message:
      "Two limiters named 'api' share a store, and so they share their counters. Give each limiter a name of its own.",
  }

  it('causes a warning', async () => {
    const store = new MemoryStore()
    expect(await emittedBy(() => createRateLimiter({ store, name: 'api' }))).toEqual([])
    expect(await emittedBy(() => createRateLimiter({ store, name: 'api' }))).toEqual([warning])
  })

  it('causes no warning in two stores, or with two names', async () => {
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

  it('can be released where no limiter has claimed it', async () => {
    const store = new MemoryStore()
    releaseName(store, 'api')
    claimName(store, 'other')
    releaseName(store, 'api')
    expect(await emittedBy(() => claimName(store, 'api'))).toEqual([])
    expect(await emittedBy(() => claimName(store, 'api'))).toEqual([warning])
  })
})
