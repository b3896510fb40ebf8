import { FakeClock } from 'express-tollgate/testing'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { createApp } from '../../../examples/recipes/search.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'
import { runProgram } from '../agentwatch/running-program.ts'
import { loadWithExpress, retryAfterSeconds, serveApp } from './served-app.ts'

const DEEP = '/search?q=engine&deep=true'
const SHALLOW = '/search?q=engine'

interface Recipe {
  readonly clock: FakeClock
  readonly client: ReturnType<typeof request.agent>
  readonly other: ReturnType<typeof request.agent>
}

async function start(create: typeof createApp = createApp): Promise<Recipe> {
  const clock = new FakeClock()
  const { clientAt } = await serveApp(create({ clock }))
  return { clock, client: clientAt('203.0.113.1'), other: clientAt('203.0.113.2') }
}

const remaining = ({ headers }: request.Response): number => Number(headers['x-ratelimit-remaining'])

describe('a client of the search', () => {
  it('is charged 1 for a plain request, 5 for a search and 20 for a deep search', async () => {
    const { client } = await start()
    const plain = await client.get('/').expect(200, { articles: 3 })
    expect(plain.headers).toMatchObject({
      'x-ratelimit-limit': '60',
      'x-ratelimit-remaining': '59',
      'ratelimit-policy': '"any";q=60;w=60',
      ratelimit: '"any";r=59;t=59',
    })
    const found = ['The difference engine', 'Notes on an engine']
    expect(remaining(await client.get(SHALLOW).expect(200, { found }))).toBe(54)
    expect(remaining(await client.get(DEEP).expect(200, { found: [...found, 'A sketch'] }))).toBe(34)
  })

  it.each([
    ['/SEARCH?q=engine', 5],
    ['/search/?q=engine', 5],
    ['/Search/?q=engine&deep=true', 20],
    ['/search?q=engine&deep=true&deep=true', 5],
    ['/search?q=engine&deep[]=true', 5],
    ['/search?q=engine&deep=1000000', 5],
    ['/search?q=engine&cost=1', 5],
  ])('is charged for the search that runs for %s: %i', async (url, cost) => {
    const { client } = await start()
    const response = await client.get(url).expect(200)
    expect(60 - remaining(response)).toBe(cost)
    expect(response.body.found).toHaveLength(cost === 20 ? 3 : 2)
  })

  it('makes 3 deep searches at once, or 12 searches, or 60 plain requests', async () => {
    for (const [url, count] of [
      [DEEP, 3],
      [SHALLOW, 12],
      ['/', 60],
    ] as const) {
      const { client, other } = await start()
      for (let index = 0; index < count; index++) await client.get(url).expect(200)
      await client.get(url).expect(429)
      await other.get(url).expect(200)
    }
  })

  it('gets a Retry-After that depends on the cost of the request', async () => {
    const { clock, client } = await start()
    for (let index = 0; index < 3; index++) await client.get(DEEP).expect(200)
    expect(retryAfterSeconds(await client.get(DEEP).expect(429))).toBe(20)
    expect(retryAfterSeconds(await client.get(SHALLOW).expect(429))).toBe(5)
    expect(retryAfterSeconds(await client.get('/').expect(429))).toBe(1)
    // A deep search is charged completely or not at all. The units before that are available to other
    // requests.
    clock.advance(19_999)
    expect(retryAfterSeconds(await client.get(DEEP).expect(429))).toBe(1)
    clock.advance(1)
    expect(remaining(await client.get(DEEP).expect(200))).toBe(0)
    clock.advance(6000)
    await client.get(DEEP).expect(429)
    expect(remaining(await client.get(SHALLOW).expect(200))).toBe(1)
  })

  it('has 3 deep searches a minute over a long time', async () => {
    const { clock, client } = await start()
    let found = 0
    for (let second = 0; second < 600; second += 5) {
      if ((await client.get(DEEP)).status === 200) found++
      clock.advance(5000)
    }
    expect(found).toBe(3 + 3 * 10 - 1)
  })

  it('has one bucket for all methods, and each method costs the same', async () => {
    for (const method of ['head', 'options', 'post', 'put', 'delete', 'patch'] as const) {
      const { client } = await start()
      for (let index = 0; index < 2; index++) expect((await client[method](DEEP)).status).not.toBe(429)
      expect(remaining(await client.get(DEEP).expect(200))).toBe(0)
      await client[method](DEEP).expect(429)
    }
  })
})

describe('the recipe', () => {
  it.each(EXPRESS_VERSIONS)('works on %s', async (_name, version) => {
    const recipe = await loadWithExpress(version, () => import('../../../examples/recipes/search.ts'))
    const { client } = await start(recipe.createApp)
    for (const url of [DEEP, '/SEARCH/?q=engine&deep=true', DEEP]) await client.get(url).expect(200)
    expect(retryAfterSeconds(await client.get(SHALLOW).expect(429))).toBe(5)
    await client.post(DEEP).expect(429)
  })

  it('serves as a program', async () => {
    const program = runProgram('recipes/search.ts', [], { PORT: '0' })
    await program.waitForOutput('\n')
    const [, url = ''] = /^Serving on (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(program.stdout()) ?? []
    await request(url).get(SHALLOW).expect(200)
  })
})
