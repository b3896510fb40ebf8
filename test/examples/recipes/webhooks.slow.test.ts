import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import { FakeClock } from 'express-tollgate/testing'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { createApp } from '../../../examples/recipes/webhooks.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'
import { runProgram } from '../agentwatch/running-program.ts'
import { loadWithExpress, retryAfterSeconds, type ServedApp, serveApp } from './served-app.ts'

/** Addresses inside and outside of the published ranges. */
const PROVIDER = '192.0.2.10'
const ELSEWHERE = '198.51.100.7'
const FORGER = '203.0.113.9'

const BODY = '{"paid":true}'
const WRONG = '0'.repeat(64)

function signatureOf(body: string | Buffer, provider: string): string {
  return createHmac('sha256', `${provider}-secret`).update(body).digest('hex')
}

interface Recipe extends ServedApp {
  readonly clock: FakeClock
  readonly deliver: (address: string, provider?: string) => request.Test
  readonly forge: (address: string, provider?: string) => request.Test
  readonly deliverMany: (count: number, address: string) => Promise<Record<number, number>>
}

async function start(create: typeof createApp = createApp): Promise<Recipe> {
  const clock = new FakeClock()
  const app = await serveApp(create({ clock }))
  const post = (address: string, provider: string, signature: string): request.Test =>
    app
      .clientAt(address)
      .post(`/webhooks/${provider}`)
      .set({ 'Content-Type': 'application/json', 'X-Signature': signature })
      .send(BODY)
  const headersOf = (address: string): Record<string, string> => ({
    'X-Signature': signatureOf(BODY, 'payments'),
    'X-Forwarded-For': address,
  })
  return {
    ...app,
    clock,
    deliver: (address, provider = 'payments') => post(address, provider, signatureOf(BODY, provider)),
    forge: (address, provider = 'payments') => post(address, provider, WRONG),
    deliverMany: (count, address) =>
      app.countStatuses('/webhooks/payments', count, () => ({
        method: 'POST',
        headers: headersOf(address),
        body: BODY,
      })),
  }
}

/**
 * Starts a delivery: the server has its headers and half of its body. The returned function sends the rest
 * and resolves to the status.
 */
async function beginDelivery(url: string, address: string): Promise<() => Promise<number>> {
  const delivery = http.request(`${url}/webhooks/payments`, {
    method: 'POST',
    headers: {
      'X-Forwarded-For': address,
      'X-Signature': signatureOf(BODY, 'payments'),
      'Content-Length': BODY.length,
      // Node answers `Expect` just before it calls the handlers of the request.
      Expect: '100-continue',
    },
  })
  const answered = once(delivery, 'response') as Promise<[http.IncomingMessage]>
  delivery.flushHeaders()
  await once(delivery, 'continue')
  delivery.write(BODY.slice(0, 5))
  return async () => {
    delivery.end(BODY.slice(5))
    const [response] = await answered
    response.resume()
    return response.statusCode ?? 0
  }
}

/** The statuses of deliveries that are all under way before the first one is complete. */
async function deliverAtOnce(url: string, address: string, count: number): Promise<number[]> {
  const deliveries = await Promise.all(Array.from({ length: count }, () => beginDelivery(url, address)))
  return await Promise.all(deliveries.map((complete) => complete()))
}

describe('a delivery', () => {
  it('is accepted if the signature is that of the body as it was sent', async () => {
    const { clientAt, deliver } = await start()
    await deliver(PROVIDER).expect(202)
    await deliver(PROVIDER, 'parcels').expect(202)
    const binary = Buffer.from([0, 255, 13, 10, 128])
    const post = (body: Buffer, signature: string): request.Test =>
      clientAt(PROVIDER)
        .post('/webhooks/payments')
        .set({ 'Content-Type': 'application/octet-stream', 'X-Signature': signature })
        .send(body)
    await post(binary, signatureOf(binary, 'payments')).expect(202)
    await post(binary.subarray(1), signatureOf(binary, 'payments')).expect(401)
    await clientAt(PROVIDER)
      .post('/webhooks/payments')
      .set('X-Signature', signatureOf('', 'payments'))
      .expect(202)
  })

  it.each([
    ['no signature', 'payments', ''],
    ['a wrong signature', 'payments', WRONG],
    ['the signature of another provider', 'payments', signatureOf(BODY, 'parcels')],
    ['half of a signature', 'payments', signatureOf(BODY, 'payments').slice(0, 32)],
    ['a signature with extra characters', 'payments', `${signatureOf(BODY, 'payments')}00`],
    ['a signature that is not hexadecimal', 'payments', 'genuine'],
    ['a signature for an unknown provider', 'unknown', signatureOf(BODY, 'unknown')],
    ['a signature without a secret', '__proto__', createHmac('sha256', '').update(BODY).digest('hex')],
  ])('is a forgery with %s', async (_what, provider, signature) => {
    const { clientAt } = await start()
    await clientAt(FORGER)
      .post(`/webhooks/${provider}`)
      .set({ 'Content-Type': 'application/json', 'X-Signature': signature })
      .send(BODY)
      .expect(401, { error: 'wrong_signature' })
  })
})

describe('a forger', () => {
  it('is refused after 10 forgeries, for all providers together', async () => {
    const { clock, forge, deliver } = await start()
    for (let count = 0; count < 10; count++) {
      await forge(FORGER, count % 2 === 0 ? 'payments' : 'parcels').expect(401)
    }
    expect(retryAfterSeconds(await forge(FORGER).expect(429))).toBe(600)
    await deliver(PROVIDER).expect(202)
    await deliver(ELSEWHERE).expect(202)
    clock.advance(599_999)
    expect(retryAfterSeconds(await forge(FORGER).expect(429))).toBe(1)
    clock.advance(1)
    await forge(FORGER).expect(401)
  })

  it('is banned for a day after 10 refusals', async () => {
    const { clock, forge, deliver } = await start()
    for (let count = 0; count < 10; count++) await forge(FORGER).expect(401)
    for (let count = 1; count < 10; count++)
      expect(retryAfterSeconds(await forge(FORGER).expect(429))).toBe(600)
    expect(retryAfterSeconds(await forge(FORGER).expect(429))).toBe(86_400)
    clock.advance(86_399_000)
    expect(retryAfterSeconds(await deliver(FORGER).expect(429))).toBe(1)
    await deliver(PROVIDER).expect(202)
    clock.advance(1000)
    await deliver(FORGER).expect(202)
  })

  it('within the published ranges is limited by the limiter of all requests only', async () => {
    const { forge } = await start()
    for (let count = 1; count <= 30; count++) {
      expect((await forge(PROVIDER).expect(401)).headers).toMatchObject({
        'x-ratelimit-limit': '3000',
        'x-ratelimit-remaining': String(3000 - count),
      })
    }
  })

  it('is charged for a body that is too large to check', async () => {
    const { clientAt, deliver } = await start()
    const large = (): request.Test =>
      clientAt(FORGER)
        .post('/webhooks/payments')
        .type('application/octet-stream')
        .send(Buffer.alloc(256 * 1024 + 1))
    for (let count = 0; count < 10; count++) await large().expect(413)
    await deliver(FORGER).expect(429)
  })

  it('cannot use up the limit of a provider, from any number of addresses', async () => {
    const { countStatuses, deliver, deliverMany } = await start()
    const forged = await countStatuses('/webhooks/payments', 300, (index) => ({
      method: 'POST',
      // Half of the forgeries are from the published ranges, where forgeries are not counted.
      headers: {
        'X-Signature': WRONG,
        'X-Forwarded-For': index < 150 ? PROVIDER : `203.0.113.${index % 15}`,
      },
      body: BODY,
    }))
    expect(forged).toEqual({ 401: 300 })
    expect((await deliver(PROVIDER).expect(202)).headers).toMatchObject({
      'x-ratelimit-limit': '100',
      'x-ratelimit-remaining': '99',
    })
    expect(await deliverMany(100, PROVIDER)).toEqual({ 202: 99, 429: 1 })
  })
})

describe('a provider', () => {
  it('may deliver 100 at once and 10 a second, from all its addresses together', async () => {
    const { clock, deliver, deliverMany } = await start()
    expect(await deliverMany(50, PROVIDER)).toEqual({ 202: 50 })
    expect(await deliverMany(50, '192.0.2.11')).toEqual({ 202: 50 })
    expect(retryAfterSeconds(await deliver('192.0.2.12').expect(429))).toBe(1)
    await deliver(PROVIDER, 'parcels').expect(202)
    clock.advance(1000)
    expect(await deliverMany(12, PROVIDER)).toEqual({ 202: 10, 429: 2 })
    clock.advance(10_000)
    expect(await deliverMany(101, PROVIDER)).toEqual({ 202: 100, 429: 1 })
  })

  it('is not treated as a forger if it delivers too much, from any address', async () => {
    const { clock, deliverMany } = await start()
    expect(await deliverMany(130, ELSEWHERE)).toEqual({ 202: 100, 429: 30 })
    clock.advance(1000)
    expect(await deliverMany(10, ELSEWHERE)).toEqual({ 202: 10 })
  })

  it('may have any number of deliveries under way at once, from its published ranges', async () => {
    const { url } = await start()
    expect(await deliverAtOnce(url, PROVIDER, 40)).toEqual(Array(40).fill(202))
    expect(await deliverAtOnce(url, '2001:db8:77:1::1', 40)).toEqual(Array(40).fill(202))
    const others = await deliverAtOnce(url, ELSEWHERE, 12)
    expect(others.sort()).toEqual([...Array(10).fill(202), 429, 429])
  })
})

describe('the recipe', () => {
  it.each(EXPRESS_VERSIONS)('works on %s', async (_name, version) => {
    const recipe = await loadWithExpress(version, () => import('../../../examples/recipes/webhooks.ts'))
    const { clientAt, forge, deliver, deliverMany } = await start(recipe.createApp)
    for (let count = 0; count < 10; count++) await forge(FORGER).expect(401)
    await forge(FORGER).expect(429)
    const empty = clientAt(PROVIDER).post('/webhooks/payments')
    await empty.set('X-Signature', signatureOf('', 'payments')).expect(202)
    expect(await deliverMany(100, ELSEWHERE)).toEqual({ 202: 99, 429: 1 })
    await deliver(PROVIDER, 'parcels').expect(202)
    await clientAt(PROVIDER).get('/nowhere').expect(404)
  })

  it('serves as a program', async () => {
    const program = runProgram('recipes/webhooks.ts', [], { PORT: '0' })
    await program.waitForOutput('\n')
    const [, url = ''] = /^Serving on (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(program.stdout()) ?? []
    const delivery = request(url).post('/webhooks/parcels').type('text/plain').send(BODY)
    await delivery.set('X-Signature', signatureOf(BODY, 'parcels')).expect(202)
  })
})
