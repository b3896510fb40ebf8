import { IncomingMessage } from 'node:http'
import http2 from 'node:http2'
import { type AddressInfo, Socket } from 'node:net'
import supertest from 'supertest'
import { describe, expect, it } from 'vitest'
import {
  checkRequestPropertyName,
  EXPRESS_NAMES,
  HTTP2_NAMES,
} from '../../src/options/request-property-name.ts'
import { thrownBy } from '../support/thrown-by.ts'
import { EXPRESS_VERSIONS, type ExpressVersion } from '../tools/audit/express-versions.ts'

/** The names of all properties of an object, those of its prototypes included. */
function namesOf(object: object): string[] {
  const names = new Set<string>()
  for (let current: object | null = object; current !== null; current = Object.getPrototypeOf(current)) {
    for (const name of Object.getOwnPropertyNames(current)) names.add(name)
  }
  return [...names]
}

const NODE_NAMES = namesOf(new IncomingMessage(new Socket()))

/** The names on a request that a handler gets in a router, with a parameter, a query and a JSON body. */
async function namesOnExpress({ express }: ExpressVersion): Promise<string[]> {
  let names: string[] = []
  const router = express.Router()
  router.post('/:id', (req, res) => {
    names = namesOf(req)
    res.end()
  })
  const app = express().use(express.json()).use('/items', router)
  await supertest(app).post('/items/5?page=1').send({ a: 1 }).expect(200)
  return names
}

async function namesOnHttp2(): Promise<string[]> {
  let names: string[] = []
  const server = http2.createServer((req, res) => {
    names = namesOf(req)
    res.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const stream = client.request({ ':path': '/' })
  await new Promise((resolve) => stream.resume().once('close', resolve))
  client.close()
  await new Promise((resolve) => server.close(resolve))
  return names
}

const isAccepted = (name: string): boolean => {
  try {
    return checkRequestPropertyName(name) === name
  } catch {
    return false
  }
}

describe('the name of the property on requests', () => {
  it.each(['method', 'on', '__proto__', 'toString', 'ip', 'scheme', 'session', 'user'])(
    'cannot be %s',
    (name) => {
      const error = thrownBy(() => checkRequestPropertyName(name))
      expect(error).toMatchObject({ code: 'invalid_option', option: 'requestPropertyName', value: name })
      expect(error.message).toBe(
        `requestPropertyName: takes a name that Node, Express and common middleware do not use on requests, got '${name}'. Give a name such as 'rateLimit'.`,
      )
    },
  )

  it.each(['rateLimit', 'quota', 'limits', 'rate-limit'])('can be %s', (name) => {
    expect(checkRequestPropertyName(name)).toBe(name)
  })

  it.each(EXPRESS_VERSIONS)(
    'cannot be the name of a property on a request of Express $name',
    async (version) => {
      const names = await namesOnExpress(version)
      expect(names).toEqual(expect.arrayContaining(['params', 'query', 'body', 'ip', 'method', 'socket']))
      expect(names.filter(isAccepted)).toEqual([])
    },
  )

  it('cannot be the name of a property on a request of HTTP/2', async () => {
    const names = await namesOnHttp2()
    expect(names.filter(isAccepted)).toEqual([])
    expect(names.filter((name) => !NODE_NAMES.includes(name)).sort()).toEqual(HTTP2_NAMES)
  })

  it('is refused for Express only if a version of Express uses it', async () => {
    const names = (await Promise.all(EXPRESS_VERSIONS.map(namesOnExpress))).flat()
    const added = new Set(names.filter((name) => !NODE_NAMES.includes(name)))
    expect([...EXPRESS_NAMES].sort()).toEqual([...added].sort())
  })
})
