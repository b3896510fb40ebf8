// What of the package works on a runtime: one entry for each feature, so that a test compares runtimes.
import { subscribe } from 'node:diagnostics_channel'
import http from 'node:http'
import http2 from 'node:http2'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import { createRateLimiter, MemoryStore } from 'express-tollgate'
import { assertEveryRouteLimited } from 'express-tollgate/audit'
import { metrics } from 'express-tollgate/metrics'

/** A store that answers with promises. */
function asynchronous() {
  const store = new MemoryStore()
  return {
    capabilities: store.capabilities,
    consume: async (charge) => {
      await new Promise((resolve) => setTimeout(resolve, 1))
      return store.consume(charge)
    },
  }
}

function appWith(limiter) {
  const app = express()
  app.use(limiter)
  app.get('/', (req, res) => res.json({ remaining: req.rateLimit.remaining }))
  return app
}

/** Sends three requests to a listener, and answers what they got. */
async function askedThrice(server, listenOn, request) {
  await new Promise((resolve) => server.listen(...listenOn, resolve))
  try {
    const answers = []
    for (let count = 0; count < 3; count += 1) answers.push(await request(server.address()))
    return answers
  } finally {
    server.closeAllConnections?.()
    server.close()
  }
}

const local = [0, '127.0.0.1']

async function fetched({ port }) {
  const response = await fetch(`http://127.0.0.1:${port}/`)
  const header = (name) => response.headers.get(name)
  const body = await response.text()
  return [response.status, header('x-ratelimit-remaining'), header('retry-after') !== null, body]
}

function statusOf(options) {
  return new Promise((resolve, reject) => {
    const request = http.request({ ...options, path: '/', agent: false }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode))
    })
    request.once('error', reject).end()
  })
}

/** The status line that a WebSocket upgrade gets. */
function upgraded({ port }) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    })
    socket.once('error', reject).once('data', (data) => {
      resolve(Number(String(data).split(' ')[1]))
      socket.destroy()
    })
  })
}

function askedOverHttp2({ port }) {
  return new Promise((resolve, reject) => {
    const client = http2.connect(`http://127.0.0.1:${port}`)
    client.once('error', reject)
    const stream = client.request({ ':path': '/' })
    stream.once('response', (headers) => {
      resolve(headers[':status'])
      client.close()
    })
    stream.once('error', reject).resume().end()
  })
}

const features = {
  memory: () => askedThrice(http.createServer(appWith(createRateLimiter({ read: 2 }))), local, fetched),
  promises: () =>
    askedThrice(
      http.createServer(appWith(createRateLimiter({ read: 2, store: asynchronous() }))),
      local,
      fetched,
    ),
  proxies: () => {
    const limiter = createRateLimiter({ read: 1, trustProxy: true })
    let client = 0
    const headers = () => ({ 'x-forwarded-for': `203.0.113.${(client++ % 2) + 1}` })
    return askedThrice(http.createServer(appWith(limiter)), local, ({ port }) =>
      statusOf({ host: '127.0.0.1', port, headers: headers() }),
    )
  },
  unixSocket: () =>
    askedThrice(
      http.createServer(appWith(createRateLimiter({ read: 2 }))),
      [join(tmpdir(), `tollgate-${process.pid}.sock`)],
      (path) => statusOf({ socketPath: path }),
    ),
  guard: () => {
    const server = http.createServer((_req, res) => res.end())
    createRateLimiter({ read: 2 }).guard(server)
    return askedThrice(server, local, ({ port }) => statusOf({ host: '127.0.0.1', port }))
  },
  guardOfUpgrades: () => {
    const server = http.createServer()
    server.on('upgrade', (_req, socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n'))
    createRateLimiter({ read: 2 }).guard(server)
    return askedThrice(server, local, upgraded)
  },
  http2: () => {
    const limiter = createRateLimiter({ read: 2 })
    const server = http2.createServer((req, res) => limiter(req, res, () => res.end()))
    return askedThrice(server, local, askedOverHttp2)
  },
  events: async () => {
    const outcomes = []
    subscribe('express-tollgate:decision', (event) => outcomes.push(event.outcome))
    await askedThrice(http.createServer(appWith(createRateLimiter({ read: 2 }))), local, fetched)
    return [...outcomes]
  },
  metrics: async () => {
    const registered = []
    const limiter = createRateLimiter({ name: 'metered', read: 2 })
    metrics(limiter, { registry: { registerMetric: (metric) => registered.push(metric) } })
    await askedThrice(http.createServer(appWith(limiter)), local, fetched)
    const decisions = await registered.find(({ name }) => name === 'tollgate_decisions_total').get()
    return decisions.values.map(({ value }) => value).filter((value) => value > 0)
  },
  warnings: async () => {
    const codes = []
    process.on('warning', ({ code }) => codes.push(code))
    const store = new MemoryStore()
    const app = express()
    app.use(createRateLimiter({ name: 'shared', store }), createRateLimiter({ name: 'shared', store }))
    app.get('/', (_req, res) => {
      createRateLimiter({ name: 'in a request' })
      res.end()
    })
    await askedThrice(http.createServer(app), local, fetched)
    return codes
  },
  audit: async () => {
    assertEveryRouteLimited(appWith(createRateLimiter()))
    return 'limited'
  },
}

const { bun, deno, node } = process.versions
const answers = { runtime: bun ? 'Bun' : deno ? 'Deno' : `Node ${node.split('.')[0]}` }
for (const [name, feature] of Object.entries(features)) {
  const late = new Promise((_, reject) => setTimeout(reject, 60_000, new Error('no answer')).unref())
  answers[name] = await Promise.race([feature(), late]).catch((error) => String(error))
}
console.log(JSON.stringify(answers))
