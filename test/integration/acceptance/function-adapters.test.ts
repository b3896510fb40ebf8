import { configure } from '@codegenie/serverless-express'
import express from 'express'
import serverlessHttp from 'serverless-http'
import { describe, expect, it } from 'vitest'
import { createRateLimiter, type RateLimiterOptions } from '../../../src/index.ts'
import { emittedBy } from '../../support/emitted-warnings.ts'

/*
 * Events as AWS documents them, through the real adapters. An application load balancer gives no address of its peer,
 * and appends the client to X-Forwarded-For. API Gateway gives the address of the client.
 */

const CLIENT = '198.51.100.1'

type Invoke = (event: object) => Promise<{ readonly statusCode: number; readonly body: string }>

const ADAPTERS: readonly [string, (app: ReturnType<typeof express>) => Invoke][] = [
  [
    'serverless-http',
    (app) => (event) =>
      (serverlessHttp(app) as unknown as (event: object, context: object) => ReturnType<Invoke>)(event, {}),
  ],
  [
    '@codegenie/serverless-express',
    (app) => {
      const handler = configure({ app, resolutionMode: 'PROMISE' }) as unknown as (
        event: object,
        context: object,
        callback?: () => void,
      ) => ReturnType<Invoke>
      return (event) => handler(event, {}, () => undefined)
    },
  ],
]

function albEvent(xForwardedFor: string | undefined): object {
  return {
    requestContext: { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/a/b' } },
    httpMethod: 'GET',
    path: '/',
    queryStringParameters: {},
    headers: {
      host: 'a.example',
      'x-forwarded-proto': 'https',
      ...(xForwardedFor === undefined ? {} : { 'x-forwarded-for': xForwardedFor }),
    },
    body: '',
    isBase64Encoded: false,
  }
}

function gatewayV1Event(xForwardedFor: string): object {
  return {
    resource: '/{proxy+}',
    path: '/',
    httpMethod: 'GET',
    headers: { Host: 'a.example', 'X-Forwarded-For': xForwardedFor },
    multiValueHeaders: { Host: ['a.example'], 'X-Forwarded-For': [xForwardedFor] },
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    pathParameters: null,
    requestContext: { identity: { sourceIp: CLIENT }, httpMethod: 'GET', path: '/', stage: 'prod' },
    body: null,
    isBase64Encoded: false,
  }
}

function gatewayV2Event(xForwardedFor: string): object {
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: '/',
    rawQueryString: '',
    headers: { host: 'a.example', 'x-forwarded-for': xForwardedFor },
    requestContext: {
      http: { method: 'GET', path: '/', protocol: 'HTTP/1.1', sourceIp: CLIENT },
      stage: '$default',
    },
    isBase64Encoded: false,
  }
}

describe.each(ADAPTERS)('threat 31: behind %s', (_name, adapt) => {
  /** An app that answers with the client key of the request. */
  function invokerOf(options: RateLimiterOptions): Invoke {
    const app = express()
    app.use(createRateLimiter(options))
    app.get('/', (req, res) => {
      res.json({ key: req.rateLimit?.key })
    })
    return adapt(app)
  }

  const keyOf = async (invoke: Invoke, event: object): Promise<unknown> =>
    JSON.parse((await invoke(event)).body).key

  it('the client of a load balancer is the one that it appended, with trustProxy: adapter', async () => {
    const warnings = await emittedBy(async () => {
      for (const trustProxy of ['adapter', ['adapter', '10.0.0.0/8']]) {
        const invoke = invokerOf({ trustProxy })
        expect(await keyOf(invoke, albEvent(CLIENT))).toBe(CLIENT)
        expect(await keyOf(invoke, albEvent(`6.6.6.6, ${CLIENT}`))).toBe(CLIENT)
      }
    })
    expect(warnings).toEqual([])
  })

  it.each([undefined, false, true, 1, 'loopback'])(
    'all clients of a load balancer are unknown with trustProxy %s, and a warning names the setting',
    async (trustProxy) => {
      const warnings = await emittedBy(async () => {
        const invoke = invokerOf({ read: 2, ...(trustProxy === undefined ? {} : { trustProxy }) })
        const statuses: number[] = []
        for (const client of ['198.51.100.1', '198.51.100.2', '198.51.100.3']) {
          statuses.push((await invoke(albEvent(client))).statusCode)
        }
        expect(statuses).toEqual([200, 200, 429])
      })
      expect(warnings.map(({ code }) => code)).toEqual(['TOLLGATE_UNKNOWN_PEER'])
      expect(warnings[0]?.message).toContain("set trustProxy: 'adapter'")
    },
  )

  it('a load balancer that names nobody is unknown, and a warning names the header', async () => {
    const warnings = await emittedBy(async () => {
      expect(await keyOf(invokerOf({ trustProxy: 'adapter' }), albEvent(undefined))).toBe('unknown')
    })
    expect(warnings.map(({ code }) => code)).toEqual(['TOLLGATE_CLIENT_NOT_NAMED'])
  })

  it.each([
    ['API Gateway v1', gatewayV1Event],
    ['API Gateway v2', gatewayV2Event],
  ])('the client of %s is the one that it names, with and without adapter', async (_gateway, eventWith) => {
    const warnings = await emittedBy(async () => {
      for (const options of [{}, { trustProxy: false }, { trustProxy: 'adapter' }]) {
        expect(await keyOf(invokerOf(options), eventWith(CLIENT))).toBe(CLIENT)
      }
    })
    expect(warnings).toEqual([])
    const warningsOfForged = await emittedBy(async () => {
      expect(await keyOf(invokerOf({ trustProxy: 'adapter' }), eventWith(`6.6.6.6, ${CLIENT}`))).toBe(CLIENT)
    })
    expect(warningsOfForged.map(({ code }) => code)).toEqual(['TOLLGATE_UNTRUSTED_FORWARDED_HEADER'])
  })
})
