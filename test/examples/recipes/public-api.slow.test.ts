import { FakeClock } from 'express-tollgate/testing'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { createApp } from '../../../examples/recipes/public-api.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'
import { runProgram } from '../agentwatch/running-program.ts'
import { loadWithExpress, retryAfterSeconds, type ServedApp, serveApp } from './served-app.ts'

const OFFICE = '203.0.113.1'
const HOME = '203.0.113.2'
const ACME = 'key-of-acme'
const GLOBEX = 'key-of-globex'

interface Recipe extends ServedApp {
  readonly clock: FakeClock
  /** A client at an address, with a key where one is given. */
  readonly client: (address: string, key?: string) => ReturnType<typeof request.agent>
  /**
   * Sends requests from the office, `perSecond` in each second of the clock. Resolves to the counts by
   * status.
   */
  readonly sendPaced: (
    count: number,
    perSecond: number,
    key: string | undefined,
    method: 'GET' | 'POST',
  ) => Promise<Record<number, number>>
}

async function start(create: typeof createApp = createApp): Promise<Recipe> {
  const clock = new FakeClock()
  const app = await serveApp(create({ clock }))
  return {
    ...app,
    clock,
    client: (address, key) =>
      key === undefined ? app.clientAt(address) : app.clientAt(address).set('X-API-Key', key),
    sendPaced: (count, perSecond, key, method) =>
      app.countStatuses('/items', count, (index) => {
        if (index > 0 && index % perSecond === 0) clock.advance(1000)
        const headers = { 'X-Forwarded-For': OFFICE, ...(key === undefined ? {} : { 'X-API-Key': key }) }
        return { method, headers }
      }),
  }
}

/** The headers about limits. */
function limitHeaders({ headers }: request.Response): Record<string, unknown> {
  const names = ['ratelimit-policy', 'ratelimit', 'x-ratelimit-limit', 'x-ratelimit-remaining', 'retry-after']
  return Object.fromEntries(names.filter((name) => name in headers).map((name) => [name, headers[name]]))
}

describe('a client with a key', () => {
  it('gets the headers of both limits, and X-RateLimit of the tighter one', async () => {
    const { clock, client } = await start()
    const acme = client(OFFICE, ACME)
    expect(limitHeaders(await acme.get('/items').expect(200, { items: [] }))).toEqual({
      'ratelimit-policy': '"burst";q=20;w=1, "hourly";q=1000;w=3600',
      ratelimit: '"burst";r=19;t=1, "hourly";r=999;t=3600',
      'x-ratelimit-limit': '20',
      'x-ratelimit-remaining': '19',
    })
    clock.advance(600_000)
    expect(limitHeaders(await acme.get('/items').expect(200))).toMatchObject({
      ratelimit: '"burst";r=19;t=1, "hourly";r=998;t=3000',
    })
    expect(limitHeaders(await acme.post('/items').expect(201))).toEqual({
      'ratelimit-policy': '"write-burst";q=4;w=1, "write-hourly";q=200;w=3600',
      ratelimit: '"write-burst";r=3;t=1, "write-hourly";r=199;t=3600',
      'x-ratelimit-limit': '4',
      'x-ratelimit-remaining': '3',
    })
  })

  it('has 20 reads a second, and a refusal by the burst is not charged to the hour', async () => {
    const { clock, client, sendPaced } = await start()
    expect(await sendPaced(20, 20, ACME, 'GET')).toEqual({ 200: 20 })
    for (let count = 0; count < 3; count++) {
      const refused = await client(OFFICE, ACME).get('/items').expect(429)
      expect(refused.headers['content-type']).toBe('application/problem+json')
      expect(JSON.parse(refused.text)).toEqual({
        type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
        title: 'Too many requests from this client',
        status: 429,
        'violated-policies': ['burst'],
      })
      expect(limitHeaders(refused)).toMatchObject({
        ratelimit: '"burst";r=0;t=1, "hourly";r=980;t=3600',
        'x-ratelimit-limit': '20',
        'x-ratelimit-remaining': '0',
        'retry-after': '1',
      })
    }
    clock.advance(600_000)
    expect(limitHeaders(await client(OFFICE, ACME).get('/items').expect(200))).toMatchObject({
      ratelimit: '"burst";r=19;t=1, "hourly";r=979;t=3000',
    })
  })

  it('has 1000 reads an hour, and a refusal by the hour is not charged to the burst', async () => {
    const { clock, client, sendPaced } = await start()
    expect(await sendPaced(1000, 20, ACME, 'GET')).toEqual({ 200: 1000 })
    clock.advance(1000)
    const refused = await client(OFFICE, ACME).get('/items').expect(429)
    expect(JSON.parse(refused.text)['violated-policies']).toEqual(['hourly'])
    // The last read was 1 s ago, and all reads are within an eighth of an hour.
    expect(limitHeaders(refused)).toMatchObject({
      ratelimit: '"burst";r=20;t=1, "hourly";r=0;t=3599',
      'x-ratelimit-limit': '1000',
      'retry-after': '3599',
    })
    clock.advance(3_598_000)
    expect(retryAfterSeconds(await client(OFFICE, ACME).get('/items').expect(429))).toBe(1)
    clock.advance(1000)
    await client(OFFICE, ACME).get('/items').expect(200)
  })

  it('has no second quota around the full hour', async () => {
    const { clock, sendPaced } = await start()
    expect(await sendPaced(100, 4, ACME, 'POST')).toEqual({ 201: 100 })
    clock.advance(3_000_000)
    expect(await sendPaced(120, 4, ACME, 'POST')).toEqual({ 201: 100, 429: 20 })
    // An hour after the first 100 requests, only those come back.
    clock.advance(600_000)
    expect(await sendPaced(120, 4, ACME, 'POST')).toEqual({ 201: 100, 429: 20 })
  })

  it('has a fifth of that for writes, separate from the reads', async () => {
    const { client, sendPaced } = await start()
    expect(await sendPaced(5, 5, ACME, 'POST')).toEqual({ 201: 4, 429: 1 })
    await client(OFFICE, ACME).get('/items').expect(200)
    const other = await start()
    expect(await other.sendPaced(200, 4, ACME, 'POST')).toEqual({ 201: 200 })
    other.clock.advance(1000)
    const refused = await other.client(OFFICE, ACME).post('/items').expect(429)
    expect(JSON.parse(refused.text)['violated-policies']).toEqual(['write-hourly'])
  })

  it('shares the limits of its account at all addresses, and not those of other clients at its address', async () => {
    const { client, sendPaced } = await start()
    expect(await sendPaced(20, 20, ACME, 'GET')).toEqual({ 200: 20 })
    await client(HOME, ACME).get('/items').expect(429)
    await client(OFFICE, GLOBEX).get('/items').expect(200)
    await client(OFFICE).get('/items').expect(200)
  })
})

describe('a client without a key', () => {
  it('has smaller limits by its address, and gets the headers of all its limits', async () => {
    const { clock, client } = await start()
    const visitor = client(HOME)
    expect(limitHeaders(await visitor.get('/items').expect(200))).toEqual({
      'ratelimit-policy':
        '"anonymous-burst";q=5;w=1, "anonymous-hourly";q=100;w=3600, "burst";q=20;w=1, "hourly";q=1000;w=3600',
      ratelimit:
        '"anonymous-burst";r=4;t=1, "anonymous-hourly";r=99;t=3600, "burst";r=19;t=1, "hourly";r=999;t=3600',
      'x-ratelimit-limit': '5',
      'x-ratelimit-remaining': '4',
    })
    for (let count = 1; count < 5; count++) await visitor.get('/items').expect(200)
    const refused = await visitor.get('/items').expect(429)
    expect(JSON.parse(refused.text)['violated-policies']).toEqual(['anonymous-burst'])
    expect(retryAfterSeconds(refused)).toBe(1)
    await client(OFFICE).get('/items').expect(200)
    // The refusal was not charged to the other limiter.
    clock.advance(600_000)
    expect(limitHeaders(await visitor.get('/items').expect(200))).toMatchObject({
      ratelimit:
        '"anonymous-burst";r=4;t=1, "anonymous-hourly";r=94;t=3000, "burst";r=19;t=1, "hourly";r=994;t=3000',
    })
  })

  it('has 100 reads an hour', async () => {
    const { clock, client, sendPaced } = await start()
    expect(await sendPaced(100, 5, undefined, 'GET')).toEqual({ 200: 100 })
    clock.advance(1000)
    const refused = await client(OFFICE).get('/items').expect(429)
    expect(JSON.parse(refused.text)['violated-policies']).toEqual(['anonymous-hourly'])
    expect(retryAfterSeconds(refused)).toBe(3599)
    await client(OFFICE, ACME).get('/items').expect(200)
  })

  it('may not write, and its attempts to write are limited', async () => {
    const { clock, client, sendPaced } = await start()
    await client(OFFICE).post('/items').expect(401, { error: 'a_valid_key_is_needed' })
    const refused = await client(OFFICE).post('/items').expect(429)
    expect(JSON.parse(refused.text)['violated-policies']).toEqual(['anonymous-write-burst'])
    clock.advance(1000)
    expect(await sendPaced(19, 1, undefined, 'POST')).toEqual({ 401: 19 })
    clock.advance(1000)
    const last = await client(OFFICE).post('/items').expect(429)
    expect(JSON.parse(last.text)['violated-policies']).toEqual(['anonymous-write-hourly'])
  })

  it('includes a client with a wrong key, so that guesses are limited by address', async () => {
    const { client } = await start()
    for (let guess = 0; guess < 5; guess++) {
      await client(OFFICE, `guess-${guess}`).get('/items').expect(401, { error: 'a_valid_key_is_needed' })
    }
    // A wrong key does not select an account or an address.
    for (const guess of ['guess-5', 'account:acme', HOME, '']) {
      await client(OFFICE, guess).get('/items').expect(429)
    }
    await client(OFFICE).get('/items').expect(429)
    await client(OFFICE, ACME).get('/items').expect(200)
    await client(HOME).head('/items').expect(200)
  })
})

describe('the recipe', () => {
  it.each(EXPRESS_VERSIONS)('works on %s', async (_name, version) => {
    const recipe = await loadWithExpress(version, () => import('../../../examples/recipes/public-api.ts'))
    const { client, sendPaced } = await start(recipe.createApp)
    expect(await sendPaced(21, 21, ACME, 'GET')).toEqual({ 200: 20, 429: 1 })
    expect(await sendPaced(6, 6, undefined, 'GET')).toEqual({ 200: 5, 429: 1 })
    await client(HOME).get('/nowhere').expect(404)
  })

  it('serves as a program', async () => {
    const program = runProgram('recipes/public-api.ts', [], { PORT: '0' })
    await program.waitForOutput('\n')
    const [, url = ''] = /^Serving on (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(program.stdout()) ?? []
    await request(url).get('/items').set('X-API-Key', ACME).expect(200)
  })
})
