import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { createRateLimiter, type RateLimiterOptions } from '../../../src/index.ts'
import { hasProgram, PROGRAMS_ENVIRONMENT } from '../../support/installed-program.ts'
import { freePort } from '../../support/redis/redis-server.ts'
import { type CodeBlock, codeBlocksOf } from './code-blocks.ts'

/*
 * Runs nginx, Caddy and HAProxy with the configurations of docs/proxies.md in front of apps with a limiter. A client
 * tells the proxy its address by the PROXY protocol, so that everything stays on loopback.
 */

const hasNginx = hasProgram('nginx', ['-v'], 'nginx-light')
const hasCaddy = hasProgram('caddy', ['version'], 'caddy')
const hasHaproxy = hasProgram('haproxy', ['-v'], 'haproxy')

const pageOf = (name: string): CodeBlock[] =>
  codeBlocksOf(new URL(`../../../docs/${name}.md`, import.meta.url))
const blocks = pageOf('proxies')
const CLIENT = '203.0.113.7'
const FORGED = '198.51.100.99'

/** The first block of the page with a text. */
function blockWith(text: string): string {
  const block = blocks.find(({ code }) => code.includes(text))
  if (block === undefined) throw new Error(`docs/proxies.md has no block with ${text}`)
  return block.code
}

const closings: (() => unknown)[] = []
afterAll(async () => {
  for (const close of closings.reverse()) await close()
})

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'proxies-'))
  closings.push(() => rmSync(folder, { recursive: true, force: true }))
})

/** Serves an app that explains its clients. Resolves to its port, or gives it the path of a Unix socket. */
async function serveApp<Where extends number | string>(
  options: RateLimiterOptions,
  where: Where,
): Promise<Where> {
  const app = express()
  const limiter = createRateLimiter({ limit: 100, ...options })
  app.use(limiter)
  app.get('/debug/client', (req, res) => {
    res.json(limiter.explain(req))
  })
  const server = createServer(app)
  const at = typeof where === 'string' ? { path: where } : { port: where, host: '127.0.0.1' }
  await new Promise<void>((resolve) => server.listen(at, resolve))
  closings.push(() => new Promise((closed) => server.close(closed)))
  return where
}

/** Starts a proxy and waits until it accepts connections. */
async function start(program: string, args: readonly string[], port: number): Promise<void> {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...PROGRAMS_ENVIRONMENT, HOME: folder },
  })
  let output = ''
  let failure: Error | undefined
  child.stdout.on('data', (text) => (output += text))
  child.stderr.on('data', (text) => (output += text))
  child.once('error', (error) => (failure = error))
  const ended = new Promise((resolve) => child.once('close', resolve))
  closings.push(() => {
    child.kill()
    return ended
  })
  for (;;) {
    if (failure !== undefined || child.exitCode !== null) {
      throw new Error(`${program} did not start:\n${output}`, {
        cause: failure,
      })
    }
    if (await accepts(port)) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** What the app says of a client at 203.0.113.7 that forges X-Forwarded-For. */
function ask(port: number, announced: string | null = CLIENT): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1')
    let answer = ''
    socket.setEncoding('utf8').on('data', (text) => (answer += text))
    socket.once('error', reject)
    socket.once('close', () => {
      // The bodies are short, and arrive in one piece or in one chunk.
      const json = /\{.*\}/.exec(answer)?.[0]
      if (json === undefined) reject(new Error(`no JSON in: ${answer}`))
      else resolve(JSON.parse(json))
    })
    if (announced !== null) socket.write(`PROXY TCP4 ${announced} 127.0.0.1 51000 ${port}\r\n`)
    socket.write(
      `GET /debug/client HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: ${FORGED}\r\nConnection: close\r\n\r\n`,
    )
  })
}

/** A configuration of nginx with servers for these locations. */
function nginxConfiguration(locations: readonly (readonly [port: number, location: string])[]): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${join(folder, name)};`)
    .join(' ')
  const servers = locations.map(
    ([port, location]) => `server {
      listen 127.0.0.1:${port} proxy_protocol;
      set_real_ip_from 127.0.0.1;
      real_ip_header proxy_protocol;
      ${location}
    }`,
  )
  // The workers of an nginx that root starts are another user, who may not use the socket of the app.
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  return `daemon off; ${user} pid ${join(folder, 'nginx.pid')}; error_log stderr; worker_processes 1; events {}
    http { access_log off; ${temporary} ${servers.join('\n')} }`
}

describe.skipIf(!hasNginx)('nginx, with the location of docs/proxies.md', () => {
  const location = blockWith('proxy_add_x_forwarded_for')
  const ports: Record<string, number> = {}

  beforeAll(async () => {
    const trusting = await serveApp({ trustProxy: 1 }, await freePort())
    const silent = await serveApp({}, await freePort())
    const byRealIp = await serveApp({ trustProxy: 1, clientIpHeader: 'x-real-ip' }, await freePort())
    const onSocket = await serveApp({ trustProxy: 1 }, join(folder, 'app.sock'))
    const to = (target: string | number): string => location.replace('127.0.0.1:3000', () => String(target))
    const toPort = (port: number): string => to(`127.0.0.1:${port}`)
    const withoutHeader = (text: string): string => text.replace(/^.*X-Forwarded-For.*\n/m, '')
    const withRealIp = (text: string): string =>
      withoutHeader(text).replace('}', '  proxy_set_header X-Real-IP $remote_addr;\n}')
    const locations = {
      set: toPort(trusting),
      unset: toPort(silent),
      withoutHeader: withoutHeader(toPort(trusting)),
      realIpAlone: withRealIp(toPort(trusting)),
      realIp: withRealIp(toPort(byRealIp)),
      socket: to(`unix:${onSocket}`),
    }
    for (const name of Object.keys(locations)) ports[name] = await freePort()
    const file = join(folder, 'nginx.conf')
    writeFileSync(
      file,
      nginxConfiguration(Object.entries(locations).map(([name, text]) => [ports[name] ?? 0, text])),
    )
    await start('nginx', ['-c', file], ports.set ?? 0)
  })

  const answers = blocks.filter(({ language }) => language === 'json').map(({ code }) => JSON.parse(code))

  it.each([
    ['with trustProxy: 1', 'set', answers[0]],
    ['without trustProxy', 'unset', answers[1]],
  ])('the app explains the client as the page shows, %s', async (_what, name, shown) => {
    expect(shown).toHaveProperty('key')
    expect(await ask(ports[name] ?? 0)).toEqual(shown)
  })

  it.each([
    ['a client chooses its address if nginx sets no header', 'withoutHeader', FORGED],
    [
      'a client chooses its address if nginx sets X-Real-IP and the app reads another header',
      'realIpAlone',
      FORGED,
    ],
    ['the client is found with clientIpHeader: x-real-ip', 'realIp', CLIENT],
    ['the client is found behind nginx that connects to a Unix socket', 'socket', CLIENT],
  ])('%s', async (_what, name, key) => {
    expect(await ask(ports[name] ?? 0)).toMatchObject({ key })
  })
})

describe.skipIf(!hasNginx)('nginx, with the location of docs/socket-io.md', () => {
  it('passes WebSockets on, and the guard of the server finds their clients', async () => {
    const [appPort, port] = [await freePort(), await freePort()]
    const limiter = createRateLimiter({ limit: 100, trustProxy: 1 })
    const server = createServer(express())
    const sockets = new WebSocketServer({ server })
    limiter.guard(server)
    sockets.on('connection', (socket, request) => socket.send(limiter.explain(request).key))
    await new Promise<void>((resolve) => server.listen(appPort, '127.0.0.1', resolve))
    closings.push(() => new Promise((closed) => server.close(closed)))
    const location = pageOf('socket-io').find(({ language }) => language === 'nginx')?.code ?? ''
    const file = join(folder, 'sockets.conf')
    const toApp = location.replace('127.0.0.1:3000', `127.0.0.1:${appPort}`)
    // A client of ws does not speak the PROXY protocol.
    writeFileSync(file, nginxConfiguration([[port, toApp]]).replace(' proxy_protocol;', ';'))
    await start('nginx', ['-c', file], port)
    const client = new WebSocket(`ws://127.0.0.1:${port}`, { headers: { 'X-Forwarded-For': FORGED } })
    const key = await new Promise((resolve, reject) => {
      client.once('message', (data) => resolve(String(data)))
      client.once('error', reject)
    })
    client.terminate()
    expect(key).toBe('127.0.0.1')
  })
})

describe('other proxies, with the configurations of docs/proxies.md', () => {
  it.skipIf(!hasCaddy)('Caddy ignores what the client sent', async () => {
    const [appPort, port] = [await serveApp({ trustProxy: 1 }, await freePort()), await freePort()]
    const site = blockWith('reverse_proxy')
      .replace('your-app.example', `http://127.0.0.1:${port}`)
      .replace('127.0.0.1:3000', `127.0.0.1:${appPort}`)
    const file = join(folder, 'Caddyfile')
    writeFileSync(file, `{\n\tadmin off\n\tauto_https off\n}\n${site}`)
    await start('caddy', ['run', '--config', file, '--adapter', 'caddyfile'], port)
    expect(await ask(port, null)).toMatchObject({ header: { value: '127.0.0.1' }, key: '127.0.0.1' })
  })

  it.skipIf(!hasHaproxy)('HAProxy appends the client', async () => {
    const [appPort, port] = [await serveApp({ trustProxy: 1 }, await freePort()), await freePort()]
    const backend = blockWith('option forwardfor').replace('127.0.0.1:3000', `127.0.0.1:${appPort}`)
    const file = join(folder, 'haproxy.cfg')
    const defaults =
      'defaults\n  mode http\n  timeout connect 60s\n  timeout client 60s\n  timeout server 60s\n'
    const frontend = `frontend web\n  bind 127.0.0.1:${port} accept-proxy\n  default_backend app\n`
    writeFileSync(file, `${defaults}${frontend}${backend}`)
    await start('haproxy', ['-f', file], port)
    expect(await ask(port)).toMatchObject({ header: { value: `${FORGED}, ${CLIENT}` }, key: CLIENT })
  })
})
