import { Agent, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { afterEach, describe, expect, it } from 'vitest'
import { createRateLimiter } from '../../../../src/create-rate-limiter.ts'
import { createLineParser } from '../../../../src/tools/cli/log/line-parser.ts'
import type { LogEntry } from '../../../../src/tools/cli/log/log-entry.ts'
import { OfflineLimiter } from '../../../../src/tools/cli/replay/offline-limiter.ts'
import type { ReplayLimiterOptions } from '../../../../src/tools/cli/replay/replay-options.ts'
import { Replayer } from '../../../../src/tools/cli/replay/replayer.ts'
import { FakeClock } from '../../../../src/tools/testing/fake-clock.ts'
import { combinedLine, logTime } from '../log-lines.ts'

const agent = new Agent({ keepAlive: true })
let server: Server | undefined

afterEach(() => {
  agent.destroy()
  server?.closeAllConnections()
  server?.close()
})

/** Bursts of requests behind the proxy 127.0.0.1. Some clients forge the header, and some times go back. */
function generateLog(lines: number): string[] {
  let seed = 20150517
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    return Math.floor((seed / 2 ** 32) * below)
  }
  const clients = [
    '192.0.2.1',
    '192.0.2.2, 10.0.0.9',
    '203.0.113.99, 192.0.2.3',
    '2001:db8:1:100::1',
    '2001:DB8:1:1ff:0::2',
    '2001:db8:2::1',
    '[2001:db8:3::1]:443',
    '198.51.100.4:1234, 10.1.2.3',
    'nonsense, 192.0.2.5',
    '-',
    'unknown',
  ]
  let timeMs = Date.UTC(2015, 4, 17, 10)
  return Array.from({ length: lines }, () => {
    if (random(6) === 0) timeMs += random(9) * 1000
    const client = clients[random(random(clients.length) + 1)] ?? '-'
    const method = ['GET', 'GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS'][random(6)] ?? 'GET'
    const time = logTime(timeMs - random(2) * random(3) * 1000)
    return combinedLine({
      address: '127.0.0.1',
      time,
      request: `${method} / HTTP/1.1`,
      end: `200 1 "-" "-" "${client}"`,
    })
  })
}

async function startServer(options: ReplayLimiterOptions, clock: FakeClock): Promise<number> {
  const app = express()
  app.use(createRateLimiter({ ...options, clock }))
  app.use((_req, res) => {
    res.end()
  })
  const started = app.listen(0, '127.0.0.1')
  server = started
  await new Promise((resolve) => started.once('listening', resolve))
  return (started.address() as AddressInfo).port
}

function send(port: number, { method, forwarded }: LogEntry): Promise<number> {
  const headers = forwarded === undefined ? {} : { 'X-Forwarded-For': forwarded }
  return new Promise((resolve, reject) => {
    const sent = request({ agent, host: '127.0.0.1', port, method, path: '/', headers }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0))
    })
    sent.on('error', reject).end()
  })
}

describe('an offline replay', () => {
  const base = { windowSec: 10, trustProxy: 'loopback, 10.0.0.0/8' }

  it.each<[string, ReplayLimiterOptions]>([
    ['fixed windows', { ...base, read: { limit: 5 }, write: { limit: 2 } }],
    [
      'sliding windows',
      {
        ...base,
        read: { limit: 5, algorithm: 'sliding-window' },
        write: { limit: 2, algorithm: 'sliding-window' },
      },
    ],
    [
      'token buckets',
      {
        ...base,
        read: { limit: 3, burst: 4, algorithm: 'token-bucket' },
        write: { limit: 1, burst: 2, algorithm: 'token-bucket' },
      },
    ],
    ['writes without a limit', { ...base, read: { limit: 3 }, write: false }],
    [
      'whole IPv6 addresses and no trusted proxy',
      { ...base, trustProxy: false, ipv6Subnet: 128, read: { limit: 15 }, write: { limit: 5 } },
    ],
  ])('refuses the same requests as a server with %s', async (_settings, options) => {
    const parse = createLineParser('auto', undefined)
    const entries = generateLog(600).map((line) => parse(line) as LogEntry)
    const clock = new FakeClock(entries[0]?.timeMs)
    const port = await startServer(options, clock)
    const limiter = new OfflineLimiter(options)
    const replayer = new Replayer(limiter)
    const differences: object[] = []
    let refused = 0
    for (const [index, entry] of entries.entries()) {
      clock.set(Math.max(clock.now(), entry.timeMs))
      const status = await send(port, entry)
      const before = replayer.refused
      replayer.add(entry, 'log', index + 1)
      if (status === 429) refused++
      if ((status === 429) !== replayer.refused > before) differences.push({ index, status, entry })
    }
    limiter.close()
    expect(differences).toEqual([])
    expect(replayer.refused).toBe(refused)
    expect(refused).toBeGreaterThan(40)
    expect(refused).toBeLessThan(560)
  })
})
