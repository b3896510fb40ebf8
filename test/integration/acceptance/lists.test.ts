import http, { type IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { NextFunction, Request, Response } from 'express'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { createRateLimiter, MemoryStore, type RateLimiterOptions } from '../../../src/index.ts'
import { assertEveryRouteLimited } from '../../../src/tools/audit/index.ts'
import { FaultyStore } from '../../../src/tools/testing/index.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'
import { withListeningServer } from '../../support/http/listening-server.ts'
import { type RawResponse, rawGet, sendRaw } from '../../support/http/raw-http.ts'
import { thrownBy } from '../../support/thrown-by.ts'
import { listingApp, requestFrom, statusFromLocalAddress } from './listing-app.ts'

const FORBIDDEN_TEXT = '{"error":"forbidden"}'
const UPGRADE = ['Connection: Upgrade', 'Upgrade: echo']

/** The names of the headers about limits. Clients on a list get none of them. */
function limitHeaders(headers: object): string[] {
  return Object.keys(headers).filter((name) => /ratelimit|retry-after/i.test(name))
}

describe.each(EXPRESS_VERSIONS)('lists on %s', (_name, express) => {
  const limitedApp = (options: RateLimiterOptions): ReturnType<typeof listingApp> =>
    listingApp(express, options)

  describe('allowList', () => {
    it('allows its clients without a charge, a header or req.rateLimit', async () => {
      const { app, limiter } = limitedApp({ allowList: ['203.0.113.0/24'], standardHeaders: true })
      for (let turn = 0; turn < 5; turn++) {
        const { headers, body } = await requestFrom(app, '203.0.113.7').expect(200)
        expect(limitHeaders(headers)).toEqual([])
        expect(body, 'there is no req.rateLimit').toEqual({})
      }
      expect((await limiter.peek('203.0.113.7', { class: 'read' })).limits[0]?.remaining).toBe(1)
    })

    it('does not affect other clients', async () => {
      const { app } = limitedApp({ allowList: ['203.0.113.7', '2001:db8::5'] })
      for (const address of ['203.0.113.6', '203.0.113.8', '2001:db8:1::5']) {
        expect(
          [(await requestFrom(app, address)).status, (await requestFrom(app, address)).status],
          address,
        ).toEqual([200, 429])
      }
      // Addresses of one /56 network are one client for the limiter, but different addresses for the list.
      expect([
        (await requestFrom(app, '2001:db8::6')).status,
        (await requestFrom(app, '2001:db8::6')).status,
      ]).toEqual([200, 429])
      await requestFrom(app, '2001:db8::5').expect(200)
    })

    it('applies to requests, and not to consume()', async () => {
      const { limiter } = limitedApp({ allowList: ['203.0.113.7'] })
      expect((await limiter.consume('203.0.113.7', { class: 'read' })).allowed).toBe(true)
      expect((await limiter.consume('203.0.113.7', { class: 'read' })).allowed).toBe(false)
    })

    it('is checked before a ban', async () => {
      const { app, limiter } = limitedApp({ allowList: ['203.0.113.7'] })
      await limiter.block('203.0.113.7', 60)
      await requestFrom(app, '203.0.113.7').expect(200)
    })

    it('allows its clients while the store fails', async () => {
      const store = new FaultyStore(new MemoryStore())
      store.fail({ kind: 'throw' })
      const { app } = limitedApp({ allowList: ['203.0.113.7'], onStoreError: 'deny', store })
      await requestFrom(app, '203.0.113.7').expect(200)
      await requestFrom(app, '203.0.113.8').expect(503)
      expect(store.calls).toBe(1)
    })

    it('of one limiter does not apply to the next limiter', async () => {
      const app = express()
      app.use(
        createRateLimiter({ name: 'first', read: 1, trustProxy: 'loopback', allowList: ['203.0.113.7'] }),
      )
      app.use(createRateLimiter({ name: 'second', read: 2, trustProxy: 'loopback' }))
      app.use((_req: Request, res: Response) => {
        res.json({})
      })
      await requestFrom(app, '203.0.113.7').expect(200).expect('X-RateLimit-Limit', '2')
      await requestFrom(app, '203.0.113.7').expect(200)
      await requestFrom(app, '203.0.113.7').expect(429)
    })

    it('does not make a route unlimited for the audit', () => {
      const app = express()
      app.use(createRateLimiter({ allowList: ['203.0.113.7'], denyList: ['198.51.100.0/24'] }))
      app.get('/', (_req: Request, res: Response) => {
        res.json({})
      })
      const { routes } = assertEveryRouteLimited(app)
      expect(routes.map(({ state }) => state)).toEqual(['limited', 'limited'])
    })
  })

  describe('denyList', () => {
    it('refuses its clients, without headers about limits', async () => {
      const { app, limiter } = limitedApp({ denyList: ['203.0.113.0/24'], standardHeaders: true })
      for (let turn = 0; turn < 3; turn++) {
        const { headers, text } = await requestFrom(app, '203.0.113.7').expect(403)
        expect(text).toBe(FORBIDDEN_TEXT)
        expect(headers).toMatchObject({
          'content-type': 'application/json',
          'content-length': String(FORBIDDEN_TEXT.length),
          'cache-control': 'no-store',
        })
        expect(limitHeaders(headers)).toEqual([])
        expect(headers.etag).toBeUndefined()
      }
      expect((await limiter.peek('203.0.113.7', { class: 'read' })).limits[0]?.remaining).toBe(1)
      await requestFrom(app, '203.0.114.7').expect(200)
    })

    it('answers with problem details of the type about:blank if they are enabled', async () => {
      const { app } = limitedApp({ denyList: ['203.0.113.7'], problemDetails: true })
      const { headers, text } = await requestFrom(app, '203.0.113.7').expect(403)
      expect(headers['content-type']).toBe('application/problem+json')
      expect(text).toBe('{"type":"about:blank","title":"Forbidden","status":403}')
      expect(limitHeaders(headers)).toEqual([])
    })

    it('answers HEAD with the same head and no body', async () => {
      const { app } = limitedApp({ denyList: ['203.0.113.7'] })
      await withListeningServer(app, async (port) => {
        const head = 'HEAD / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.7\r\nConnection: close\r\n\r\n'
        const answer = await new Promise<string>((resolve, reject) => {
          const socket = new Socket()
          let received = ''
          socket.on('data', (chunk) => {
            received += chunk.toString()
          })
          socket.on('end', () => resolve(received))
          socket.on('error', reject)
          socket.connect(port, '127.0.0.1', () => socket.write(head))
        })
        expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/)
        expect(answer).toContain('Cache-Control: no-store\r\n')
        expect(answer).toContain(`Content-Length: ${FORBIDDEN_TEXT.length}\r\n`)
        expect(answer.endsWith('\r\n\r\n'), 'nothing follows the head').toBe(true)
      })
    })

    it('does not use statusCode, message and handler of the options', async () => {
      for (const options of [
        { statusCode: 420, message: 'Slow down' },
        { handler: (_req: Request, res: Response) => void res.send('handled') },
      ]) {
        const { app } = limitedApp({ denyList: ['203.0.113.7'], ...options })
        expect((await requestFrom(app, '203.0.113.7').expect(403)).text).toBe(FORBIDDEN_TEXT)
      }
    })

    it('is checked before the allowList, with any sizes of the networks', async () => {
      for (const [denied, allowed] of [
        ['203.0.113.7', '203.0.113.0/24'],
        ['203.0.113.0/24', '203.0.113.7'],
        ['203.0.113.7', '203.0.113.7'],
      ] as const) {
        const { app } = limitedApp({ denyList: [denied], allowList: [allowed] })
        await requestFrom(app, '203.0.113.7').expect(403)
      }
      const { app } = limitedApp({ denyList: ['203.0.113.7'], allowList: ['203.0.113.0/24'] })
      for (let turn = 0; turn < 3; turn++) await requestFrom(app, '203.0.113.8').expect(200)
    })

    it('is checked before all functions of the options, and also in a class without a limit', async () => {
      const called: string[] = []
      const recordCall =
        <T>(what: string, answer: T): (() => T) =>
        () => {
          called.push(what)
          return answer
        }
      const { app } = limitedApp({
        denyList: ['203.0.113.7'],
        allowList: ['203.0.113.8'],
        skip: recordCall('skip', true),
        classify: recordCall('classify', 'read' as const),
        keyGenerator: recordCall('keyGenerator', 'key'),
        cost: recordCall('cost', 1),
        read: recordCall('read', 5),
      })
      await requestFrom(app, '203.0.113.7').expect(403)
      await requestFrom(app, '203.0.113.8').expect(200)
      expect(called).toEqual([])
      await requestFrom(app, '203.0.113.9').expect(200)
      expect(called).toEqual(['skip'])

      const unlimited = limitedApp({ denyList: ['203.0.113.7'], read: false, write: false })
      await requestFrom(unlimited.app, '203.0.113.7').expect(403)
      await requestFrom(unlimited.app, '203.0.113.9').expect(200)
    })

    it('is compared with addresses, and not with the keys of a keyGenerator', async () => {
      const { app } = limitedApp({
        denyList: ['203.0.113.7'],
        keyGenerator: (req) => req.get('X-User') ?? 'unknown-user',
      })
      await requestFrom(app, '203.0.113.8').set('X-User', '203.0.113.7').expect(200)
      await requestFrom(app, '203.0.113.7').set('X-User', 'ann').expect(403)
    })

    it('refuses no client in shadow mode, and counts its clients like others', async () => {
      const { app } = limitedApp({ denyList: ['203.0.113.7'], mode: 'shadow' })
      const remaining = []
      for (let turn = 0; turn < 3; turn++) {
        const { headers } = await requestFrom(app, '203.0.113.7').expect(200)
        remaining.push(headers['x-ratelimit-remaining'])
      }
      expect(remaining).toEqual(['0', '0', '0'])
    })

    it('of a second limiter applies after the first limiter has counted the request', async () => {
      const app = express()
      const first = createRateLimiter({ name: 'first', read: 9, trustProxy: 'loopback' })
      app.use(first)
      app.use(createRateLimiter({ name: 'second', trustProxy: 'loopback', denyList: ['203.0.113.7'] }))
      const { headers, text } = await requestFrom(app, '203.0.113.7').expect(403)
      expect(text).toBe(FORBIDDEN_TEXT)
      expect(headers['x-ratelimit-remaining']).toBe('8')
      expect(headers['retry-after']).toBeUndefined()
    })

    it('of a first limiter refuses before the second limiter counts', async () => {
      const app = express()
      const second = createRateLimiter({ name: 'second', read: 9, trustProxy: 'loopback' })
      app.use(createRateLimiter({ name: 'first', trustProxy: 'loopback', denyList: ['203.0.113.7'] }))
      app.use(second)
      const { headers } = await requestFrom(app, '203.0.113.7').expect(403)
      expect(limitHeaders(headers)).toEqual([])
      expect((await second.peek('203.0.113.7', { class: 'read' })).limits[0]?.remaining).toBe(9)
    })

    it('closes the connection if the response has started before the limiter', async () => {
      const app = express()
      app.use((_req: Request, res: Response, next: NextFunction) => {
        res.flushHeaders()
        next()
      })
      app.use(createRateLimiter({ denyList: ['127.0.0.1'] }))
      let handled = 0
      app.use(() => {
        handled++
      })
      await withListeningServer(app, async (port) => {
        await expect(fetch(`http://127.0.0.1:${port}`).then((response) => response.text())).rejects.toThrow()
      })
      expect(handled).toBe(0)
    })

    it('removes the headers that other middleware set for another body', async () => {
      const app = express()
      app.use((_req: Request, res: Response, next: NextFunction) => {
        res.setHeader('Content-Encoding', 'gzip')
        res.setHeader('ETag', '"1"')
        res.setHeader('Cache-Control', 'public, max-age=60')
        next()
      })
      app.use(createRateLimiter({ denyList: ['loopback'] }))
      const { headers, body } = await request(app).get('/').expect(403)
      expect(body).toEqual({ error: 'forbidden' })
      expect([headers['content-encoding'], headers.etag, headers['cache-control']]).toEqual([
        undefined,
        undefined,
        'no-store',
      ])
    })
  })

  it('guard() answers 403 on the socket of an upgrade, and allows clients of the allowList', async () => {
    const { app, limiter } = limitedApp({ denyList: ['203.0.113.7'], allowList: ['203.0.113.8'] })
    let upgrades = 0
    await withListeningServer(app, async (port, server) => {
      server.on('upgrade', (_req, socket) => {
        upgrades++
        socket.end('HTTP/1.1 101 Switching Protocols\r\nContent-Length: 0\r\n\r\n')
      })
      limiter.guard(server)
      const upgradeFrom = async (address: string): Promise<RawResponse | undefined> =>
        (await sendRaw(port, rawGet('/', [...UPGRADE, `X-Forwarded-For: ${address}`]), 99))[0]
      const denied = await upgradeFrom('203.0.113.7')
      expect([denied?.status, denied?.body]).toEqual([403, FORBIDDEN_TEXT])
      expect(Object.fromEntries(denied?.headers ?? [])).toMatchObject({
        connection: 'close',
        'cache-control': 'no-store',
        'content-length': String(FORBIDDEN_TEXT.length),
      })
      expect(limitHeaders(Object.fromEntries(denied?.headers ?? []))).toEqual([])
      expect(upgrades).toBe(0)
      for (let turn = 0; turn < 3; turn++) expect((await upgradeFrom('203.0.113.8'))?.status).toBe(101)
      expect((await upgradeFrom('203.0.113.9'))?.status).toBe(101)
      expect((await upgradeFrom('203.0.113.9'))?.status).toBe(429)
    })
    expect(upgrades).toBe(4)
  })
})

describe('lists without a framework', () => {
  it('work on plain node:http', async () => {
    const limiter = createRateLimiter({
      read: 1,
      trustProxy: 'loopback',
      denyList: ['203.0.113.7'],
      allowList: ['203.0.113.8'],
    })
    const server = http.createServer((req, res) => limiter(req, res, () => res.end('served')))
    await withListeningServer(server, async (port) => {
      const answersFor = async (address: string): Promise<Array<[number, string]>> => {
        const text = rawGet('/', [`X-Forwarded-For: ${address}`, 'Connection: close'])
        const answers = []
        for (let turn = 0; turn < 2; turn++) answers.push(...(await statusAndBodyOf(port, text)))
        return answers
      }
      expect(await answersFor('203.0.113.7')).toEqual([
        [403, FORBIDDEN_TEXT],
        [403, FORBIDDEN_TEXT],
      ])
      expect(await answersFor('203.0.113.8')).toEqual([
        [200, 'served'],
        [200, 'served'],
      ])
      expect((await answersFor('203.0.113.9')).map(([status]) => status)).toEqual([200, 429])
    })
  })

  it('do not contain a client whose socket was closed before its address was read', () => {
    const allAddresses = ['0.0.0.0/0', '::/0']
    const limiter = createRateLimiter({ read: 1, allowList: allAddresses })
    const keysOfAllowed: unknown[] = []
    for (let turn = 0; turn < 2; turn++) {
      const socket = new Socket()
      socket.destroy()
      const req = new http.IncomingMessage(socket)
      req.method = 'GET'
      const res = new ServerResponse(req)
      limiter(req, res, () =>
        keysOfAllowed.push((req as IncomingMessage & { rateLimit?: { key: string } }).rateLimit?.key),
      )
    }
    expect(
      keysOfAllowed,
      'the first request is charged to an unknown client, the second one is refused',
    ).toEqual(['unknown'])
  })

  it('treat a client of a Unix socket as loopback', () => {
    const limiter = createRateLimiter({ read: 1, denyList: ['loopback'] })
    const req = new http.IncomingMessage(new Socket())
    const res = new ServerResponse(req)
    limiter(req, res, () => {
      throw new Error('the request was allowed')
    })
    expect(res.statusCode).toBe(403)
  })
})

async function statusAndBodyOf(port: number, text: string): Promise<Array<[number, string]>> {
  const [response] = await sendRaw(port, text)
  return response === undefined ? [] : [[response.status, response.body]]
}

describe.each(['allowList', 'denyList'] as const)('errors of %s', (option) => {
  const TAKES = 'takes addresses, CIDRs and names of networks, got'
  const REMEDY =
    "Give addresses or CIDRs such as '10.0.0.5' or '10.0.0.0/8', or 'loopback', 'linklocal', 'uniquelocal'."

  it.each([
    [['10.0.0.1', 'nonsense'], `[1]: ${TAKES} 'nonsense'. ${REMEDY}`],
    [['loopbak'], `[0]: ${TAKES} 'loopbak'. Did you mean 'loopback'? ${REMEDY}`],
    [['10.0.0.0/33'], `[0]: ${TAKES} '10.0.0.0/33'. ${REMEDY}`],
    [['10.0.0.0/08'], `[0]: ${TAKES} '10.0.0.0/08'. ${REMEDY}`],
    [['10.0.0.0/'], `[0]: ${TAKES} '10.0.0.0/'. ${REMEDY}`],
    [['2001:db8::/129'], `[0]: ${TAKES} '2001:db8::/129'. ${REMEDY}`],
    [['010.0.0.1'], `[0]: ${TAKES} '010.0.0.1'. ${REMEDY}`],
    [['10.1'], `[0]: ${TAKES} '10.1'. ${REMEDY}`],
    [['10.0.0.1, 10.0.0.2'], `[0]: ${TAKES} '10.0.0.1, 10.0.0.2'. ${REMEDY}`],
    [['10.0.0.1:80'], `[0]: ${TAKES} '10.0.0.1:80'. ${REMEDY}`],
    [['fe80::1%eth0'], `[0]: ${TAKES} 'fe80::1%eth0'. ${REMEDY}`],
    [['*'], `[0]: ${TAKES} '*'. ${REMEDY}`],
    [[''], `[0]: ${TAKES} ''. ${REMEDY}`],
    [[7], `[0]: ${TAKES} 7. ${REMEDY}`],
    [['10.0.0.1', undefined], `[1]: ${TAKES} undefined. ${REMEDY}`],
    [[null], `[0]: ${TAKES} null. ${REMEDY}`],
    [['::ffff:10.0.0.0/8'], `[0]: ${TAKES} '::ffff:10.0.0.0/8'. Write it as IPv4, such as 10.0.0.0/8.`],
    [
      '10.0.0.1',
      ": takes an array of addresses, got '10.0.0.1'. Give an array such as ['203.0.113.7', '10.0.0.0/8'].",
    ],
    [true, ": takes an array of addresses, got true. Give an array such as ['203.0.113.7', '10.0.0.0/8']."],
    [null, ": takes an array of addresses, got null. Give an array such as ['203.0.113.7', '10.0.0.0/8']."],
    [
      () => true,
      ": takes an array of addresses, got a function. Give an array such as ['203.0.113.7', '10.0.0.0/8'].",
    ],
  ])('%o is an error that names the entry', (list, message) => {
    const error = thrownBy(() => createRateLimiter({ [option]: list as never }))
    expect([error.code, error.message]).toEqual(['invalid_option', `${option}${message}`])
  })

  it('an empty list contains no client', async () => {
    const limiter = createRateLimiter({ read: 1, [option]: [] })
    const server = http.createServer((req, res) => limiter(req, res, () => res.end('served')))
    await withListeningServer(server, async (port) => {
      expect([
        await statusFromLocalAddress('127.0.0.1', port),
        await statusFromLocalAddress('127.0.0.1', port),
      ]).toEqual([200, 429])
    })
  })

  it('later changes of the array have no effect', async () => {
    const list = ['127.0.0.2']
    const limiter = createRateLimiter({ read: 1, [option]: list })
    list[0] = '127.0.0.1'
    list.push('127.0.0.1')
    const server = http.createServer((req, res) => limiter(req, res, () => res.end('served')))
    await withListeningServer(server, async (port) => {
      expect([
        await statusFromLocalAddress('127.0.0.1', port),
        await statusFromLocalAddress('127.0.0.1', port),
      ]).toEqual([200, 429])
    })
  })
})
