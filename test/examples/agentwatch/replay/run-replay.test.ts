import { createReadStream } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { runReplay } from '../../../../examples/agentwatch/replay/run-replay.ts'
import { startAgentwatch } from '../running-agentwatch.ts'
import { runProgram } from '../running-program.ts'

const LOG: string = fileURLToPath(new URL('../../fixtures/access-combined.txt', import.meta.url))
/** The numbers of the unreadable lines of the log, found by hand. */
const UNREADABLE = [41, 42, 43, 44, 45, 46, 47]
const LIMITS = { API_RATE_LIMIT_READ: '5', API_RATE_LIMIT_WRITE: '3', API_RATE_LIMIT_WINDOW_SEC: '600' }
const LIMITS_BEHIND_PROXY = { ...LIMITS, API_RATE_LIMIT_TRUST_PROXY: 'loopback' }

/** Addresses of the log that are the same client for the limiter: they are in one /56 network. */
const CLIENT_OF_ADDRESS: Readonly<Record<string, string>> = {
  '2001:DB8:1:100:0:0:0:5': '2001:db8:1:100::5',
  '2001:db8:1:1ff::9': '2001:db8:1:100::5',
}

/** Counted without code of the replay: by the first word of each line, and by the text of the method. */
async function expectedRefusals(): Promise<{ total: number; byAddress: Record<string, number> }> {
  const used = new Map<string, number>()
  const byAddress: Record<string, number> = {}
  let total = 0
  let lineNumber = 0
  for await (const line of createInterface({ input: createReadStream(LOG) })) {
    lineNumber += 1
    if (UNREADABLE.includes(lineNumber)) continue
    const address = line.split(' ')[0] ?? ''
    const isWrite = line.includes('"POST ')
    const key = `${CLIENT_OF_ADDRESS[address] ?? address} ${isWrite}`
    const count = (used.get(key) ?? 0) + 1
    used.set(key, count)
    if (count <= (isWrite ? 3 : 5)) continue
    total += 1
    byAddress[address] = (byAddress[address] ?? 0) + 1
  }
  return { total, byAddress }
}

/** Stops the clock of the progress bar, which would write a line every five seconds. */
function stopClock(): void {
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => void vi.useRealTimers())
}

interface ReplayResult {
  readonly code: number
  readonly report: string
  readonly progress: string
}

async function replay(
  args: readonly string[],
  signal: AbortSignal = new AbortController().signal,
): Promise<ReplayResult> {
  const written = { report: '', progress: '' }
  const outputTo = (name: 'report' | 'progress') => ({
    write: (text: string): void => {
      written[name] += text
    },
  })
  const code = await runReplay(args, { report: outputTo('report'), progress: outputTo('progress') }, signal)
  return { code, ...written }
}

function refusalsByAddress(report: string): Record<string, number> {
  const lines = [...report.matchAll(/^ {2}(\S+) +(\d+) refused of +\d+$/gm)]
  return Object.fromEntries(lines.map(([, address, refused]) => [address, Number(refused)]))
}

describe('a replay', () => {
  it('is refused exactly as often as the log requires', async () => {
    stopClock()
    const { url } = await startAgentwatch({ env: LIMITS_BEHIND_PROXY })
    const { code, report, progress } = await replay([LOG, '--url', url, '--speed', 'max'])
    const expected = await expectedRefusals()
    expect(expected.total).toBe(17)
    expect(code).toBe(0)
    expect(report).toMatch(
      /\n {2}48 lines, 41 answers, 7 clients, \d+\.\d s\n {2}17 refused \(429\), 24 allowed\n/,
    )
    expect(progress).toBe('[##############################] 100 %  48 lines, 17 refused\n')
    // The order of the requests of different addresses is not fixed. So only the sum over the addresses of a
    // client is.
    const mergeClients = (counts: Record<string, number>): Record<string, number> => {
      const merged: Record<string, number> = {}
      for (const [address, count] of Object.entries(counts)) {
        const client = CLIENT_OF_ADDRESS[address] ?? address
        merged[client] = (merged[client] ?? 0) + count
      }
      return merged
    }
    expect(mergeClients(refusalsByAddress(report))).toEqual(mergeClients(expected.byAddress))
    expect(report).toContain(
      [
        'Unreadable lines: 7',
        '  line 41: no quoted user agent at column 79',
        "  line 42: the client 'host.example' is not an IP address",
        "  line 43: the time '31/Apr/2015:10:01:22 +0000' is not like 17/May/2015:10:05:03 +0000",
        '  line 44: the line is empty',
        "  line 45: the request '-' is not method, path and version",
        "  line 46: the method 'BREW' is unknown",
        '  line 47: no client address at column 1',
        'Requests without an answer: 0',
      ].join('\n'),
    )
  })

  it('is charged to one client if the server trusts no proxy', async () => {
    const { url } = await startAgentwatch({ env: { ...LIMITS, API_RATE_LIMIT_TRUST_PROXY: 'false' } })
    const { report } = await replay([LOG, '--url', url, '--speed', 'max'])
    // 35 reads with limit 5, 6 writes with limit 3
    expect(report).toContain('  33 refused (429), 8 allowed\n')
  })

  it('takes as long as the log divided by the speed', async () => {
    const { url } = await startAgentwatch({ env: LIMITS_BEHIND_PROXY })
    const start = performance.now()
    // The log covers 90 seconds.
    const { code } = await replay([LOG, '--url', url, '--speed', '300'])
    expect(code).toBe(0)
    // No request is sent before its time. A timer may be late, and early only by its rounding.
    expect(performance.now() - start).toBeGreaterThanOrEqual(290)
  })

  it('reports the requests that it sent if it is interrupted', async () => {
    const { url, server } = await startAgentwatch({ env: LIMITS_BEHIND_PROXY })
    const interruption = new AbortController()
    server.once('request', () => interruption.abort())
    const { code, report, progress } = await replay([LOG, '--url', url, '--speed', '1'], interruption.signal)
    expect(code).toBe(1)
    expect(report).toMatch(/\n {2}\d+ lines, \d+ answers, /)
    expect(progress).toMatch(/\nreplay: interrupted. The report covers the requests that were sent.\n$/)
  })

  it('prints how to start the server if no server listens', async () => {
    const { url, close } = await startAgentwatch()
    await close()
    const { code, progress } = await replay([LOG, '--url', url])
    expect(code).toBe(1)
    expect(progress).toContain(
      `replay: no server answers at ${url}. Start the server in another terminal: ` +
        'API_RATE_LIMIT_TRUST_PROXY=loopback npm start\n',
    )
  })

  it('plays the readable part of a log that is cut off', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'agentwatch-replay-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const path = join(folder, 'cut.gz')
    const line = '198.51.100.7 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 404 1 "-" "-"\n'
    await writeFile(path, gzipSync(line.repeat(20)).subarray(0, -4))
    const { url } = await startAgentwatch({ env: LIMITS_BEHIND_PROXY })
    const { code, report, progress } = await replay([path, '--url', url, '--speed', 'max'])
    expect(code).toBe(1)
    expect(report).toContain('  15 refused (429), 5 allowed\n')
    expect(progress).toContain(`replay: ${path}: cannot be read (unexpected end of file).`)
  })

  it('runs as a program', async () => {
    const { url } = await startAgentwatch({ env: LIMITS_BEHIND_PROXY })
    const program = runProgram('agentwatch/replay/main.ts', [LOG, '--url', url, '--speed', 'max'], {})
    expect(await program.exitCode()).toBe(0)
    expect(program.stdout()).toContain('  17 refused (429), 24 allowed\n')
    // A slow machine prints a line every five seconds before the last one.
    const lines = program.stderr().split('\n').slice(0, -1)
    expect(lines.at(-1)).toBe('[##############################] 100 %  48 lines, 17 refused')
    for (const line of lines) expect(line).toMatch(/^\[#*-*\] +\d+ % {2}\d+ lines, \d+ refused$/)
  })

  it.each([
    [
      ['--url', 'http://example.com', LOG],
      /^replay: --url must be an http URL of this machine, got 'http:\/\/example.com'/,
    ],
    [[], /^replay: The access log is missing\. Usage: npm run replay -- /],
    [['/no/such/log'], /\nreplay: \/no\/such\/log: cannot be read \(ENOENT/],
  ])('ends with exit code 1 for %j', async (args, message) => {
    const program = runProgram('agentwatch/replay/main.ts', args, {})
    expect(await program.exitCode()).toBe(1)
    expect(program.stderr()).toMatch(message)
  })
})
