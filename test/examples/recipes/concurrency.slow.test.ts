import http from 'node:http'
import request from 'supertest'
import { describe, expect, it, vi } from 'vitest'
import { createApp } from '../../../examples/recipes/concurrency.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'
import { runProgram } from '../agentwatch/running-program.ts'
import { loadWithExpress, retryAfterSeconds, serveApp } from './served-app.ts'

const CLIENT = '203.0.113.1'

interface Recipe {
  /** Resolves when the response is there. */
  readonly report: (address?: string) => Promise<request.Response>
  /** Begins a request. Returns a function that hangs up. */
  readonly begin: (address?: string) => () => void
  /** Lets all rows be ready, those of later reports too. */
  readonly makeRows: () => void
  /** Waits until so many reports are in the making, hold a place, and wait. */
  readonly until: (inTheMaking: number, inFlight: number, waiting: number) => Promise<void>
}

async function start(create: typeof createApp = createApp): Promise<Recipe> {
  let makeRows = (): void => undefined
  const rows = new Promise<void>((resolve) => {
    makeRows = resolve
  })
  const { url, clientAt } = await serveApp(create({ nextRow: () => rows, timeoutMs: 60_000 }))
  let observers = 0
  return {
    makeRows,
    report: async (address = CLIENT) => clientAt(address).get('/reports/2026'),
    begin: (address = CLIENT) => {
      const asked = http.get(`${url}/reports/2026`, { headers: { 'X-Forwarded-For': address } })
      asked.on('error', () => undefined).on('response', (response) => response.resume())
      return () => asked.destroy()
    },
    until: (inTheMaking, inFlight, waiting) =>
      vi.waitFor(
        async () => {
          // Each look is by another client: a client may send 60 requests a minute.
          const { body } = await clientAt(`198.51.${observers >> 8}.${observers++ & 255}`).get('/')
          expect(body).toEqual({ inTheMaking, inFlight, waiting })
        },
        { timeout: 60_000, interval: 20 },
      ),
  }
}

describe('a client of the reports', () => {
  it('has two in the making, three that wait, and is refused above that', async () => {
    const { report, makeRows, until } = await start()
    const answers = Array.from({ length: 5 }, () => report())
    await until(2, 2, 3)
    const refused = await report()
    expect([refused.status, retryAfterSeconds(refused), refused.body]).toEqual([
      429,
      1,
      { error: 'concurrency_limit_exceeded' },
    ])
    expect(refused.headers).toMatchObject({
      'ratelimit-policy': '"reports-any";q=2;qu="concurrent-requests"',
      ratelimit: '"reports-any";r=0',
    })
    makeRows()
    for (const answer of answers) {
      const { status, text } = await answer
      expect(status).toBe(200)
      expect(text.split('\n')).toHaveLength(14)
    }
    await until(0, 0, 0)
  })

  it('makes no other client wait', async () => {
    const { report, begin, makeRows, until } = await start()
    for (let count = 0; count < 5; count++) begin()
    await until(2, 2, 3)
    const other = report('203.0.113.2')
    await until(3, 3, 3)
    makeRows()
    expect((await other).status).toBe(200)
    await until(0, 0, 0)
  })

  it('gives its place to the next one when it hangs up, and no work goes on for it', async () => {
    const { begin, makeRows, until } = await start()
    const error = vi.spyOn(console, 'error').mockReturnValue()
    const hangUps = Array.from({ length: 5 }, () => begin())
    await until(2, 2, 3)
    for (const hangUp of hangUps) hangUp()
    await vi.waitFor(
      () => expect(error).toHaveBeenCalledWith('The report was not sent: Premature close'),
      60_000,
    )
    makeRows()
    await until(0, 0, 0)
    error.mockRestore()
  })
})

describe('the recipe', () => {
  it.each(EXPRESS_VERSIONS)('works on %s', async (_name, version) => {
    const recipe = await loadWithExpress(version, () => import('../../../examples/recipes/concurrency.ts'))
    const { report, begin, makeRows, until } = await start(recipe.createApp)
    for (let count = 0; count < 5; count++) begin()
    await until(2, 2, 3)
    expect((await report()).status).toBe(429)
    makeRows()
    await until(0, 0, 0)
    expect((await report()).status).toBe(200)
  })

  it('serves as a program', async () => {
    const program = runProgram('recipes/concurrency.ts', [], { PORT: '0' })
    await program.waitForOutput('\n')
    const [, url = ''] = /^Serving on (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(program.stdout()) ?? []
    const { text } = await request(url).get('/reports/2025').expect(200)
    expect(text).toContain('2025-12,84\n')
  })
})
