import { createRateLimiter, MemoryStore, type RateLimiterOptions } from 'express-tollgate'
import { FaultyStore } from 'express-tollgate/testing'
import { parseList } from 'structured-headers'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'

const PREFLIGHT = { Origin: 'https://app.example', 'Access-Control-Request-Method': 'PUT' }

describe.each(EXPRESS_VERSIONS)('a limiter that counts tokens on %s', (_name, express) => {
  function clientOf(options: RateLimiterOptions): ReturnType<typeof request> {
    const app = express()
    app.use(createRateLimiter({ limit: 100, standardHeaders: true, ...options }))
    app.use((req, res) => void res.json(req.rateLimit))
    return request(app)
  }

  it.each(['draft-8', 'draft-11'] as const)('says so in the policy of %s', async (standardHeaders) => {
    const { headers } = await clientOf({ unit: 'tokens', cost: () => 30, standardHeaders })
      .get('/')
      .expect(200)
    expect(headers['ratelimit-policy']).toBe('"any";q=100;w=60;qu="tokens"')
    expect(headers.ratelimit).toMatch(/^"any";r=70;t=\d+$/)
    expect(headers['x-ratelimit-remaining']).toBe('70')
    const [[name, parameters] = []] = parseList(String(headers['ratelimit-policy']))
    expect([name, Object.fromEntries((parameters ?? new Map()) as Map<string, unknown>)]).toEqual([
      'any',
      { q: 100, w: 60, qu: 'tokens' },
    ])
  })

  it.each([
    ['draft-6', '100;w=60'],
    ['draft-7', '100;w=60'],
  ] as const)('does not say so in %s, which has no units', async (standardHeaders, policy) => {
    const { headers } = await clientOf({ unit: 'tokens', standardHeaders }).get('/').expect(200)
    expect(headers['ratelimit-policy']).toBe(policy)
  })

  it('says so in req.rateLimit', async () => {
    expect((await clientOf({ unit: 'tokens' }).get('/')).body).toMatchObject({ unit: 'tokens', limit: 100 })
    expect((await clientOf({}).get('/')).body).toMatchObject({ unit: 'requests', limit: 100 })
  })

  it('says so in problem details', async () => {
    const client = clientOf({ unit: 'tokens', cost: () => 60, problemDetails: true })
    await client.get('/').expect(200)
    expect(JSON.parse((await client.get('/').expect(429)).text)).toEqual({
      type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
      title: 'Too many tokens for this client',
      status: 429,
      'violated-policies': ['any'],
      'quota-unit': 'tokens',
    })
  })

  it('counts preflights as requests', async () => {
    const client = clientOf({ unit: 'tokens', preflight: 1, problemDetails: true })
    const first = await client.options('/').set(PREFLIGHT).expect(200)
    expect(first.headers['ratelimit-policy']).toBe('"preflight";q=1;w=60')
    expect(first.body.unit).toBe('requests')
    const refused = JSON.parse((await client.options('/').set(PREFLIGHT).expect(429)).text)
    expect(refused.title).toBe('Too many requests from this client')
    expect(refused).not.toHaveProperty('quota-unit')
  })

  it('names the unit while the store fails', async () => {
    const store = new FaultyStore(new MemoryStore())
    store.fail({ kind: 'throw' })
    const { headers } = await clientOf({
      unit: 'tokens',
      store,
      onStoreError: 'allow',
      logger: { info() {}, warn() {} },
    })
      .get('/')
      .expect(200)
    expect(headers['ratelimit-policy']).toBe('"any";q=100;w=60;qu="tokens"')
    expect(headers).not.toHaveProperty('ratelimit')
  })

  it('answers as before if it counts requests', async () => {
    const answers = await Promise.all(
      [{}, { unit: undefined }, { unit: 'requests' }].map(async (options) => {
        const client = clientOf({ ...options, limit: 1, problemDetails: true })
        const [allowed, refused] = [await client.get('/'), await client.get('/')]
        return [allowed, refused].map(({ headers, text }) => [
          headers['ratelimit-policy'],
          headers.ratelimit,
          text,
        ])
      }),
    )
    const [[, [policy, , problem] = []] = []] = answers
    expect(policy).toBe('"any";q=1;w=60')
    expect(Object.keys(JSON.parse(String(problem)))).toEqual(['type', 'title', 'status', 'violated-policies'])
    for (const [, refused] of answers) expect([refused?.[0], refused?.[2]]).toEqual([policy, problem])
  })
})
