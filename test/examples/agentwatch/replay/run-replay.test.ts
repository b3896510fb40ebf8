import { createReadStream } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { runReplay } from '../../../../examples/agentwatch/replay/run-replay.ts'
import { runProgram } from '../process.ts'
import { startAgentwatch } from '../running-agentwatch.ts'

const LOG: string = fileURLToPath(new URL('../../fixtures/access-combined.txt', import.meta.url))
/** By hand: the lines of the log that no replay can play. */
const MALFORMED = [41, 42, 43, 44, 45, 46, 47]
const LIMITS = { API_RATE_LIMIT_READ: '5', API_RATE_LIMIT_WRITE: '3', API_RATE_LIMIT_WINDOW_SEC: '600' }
const TRUSTING = { ...LIMITS, API_RATE_LIMIT_TRUST_PROXY: 'loopback' }

/** Clients of the log that are one client to the limiter: addresses of one /56, in any spelling. */
const SAME_CLIENT: Readonly<Record<string, string>> = {
  '2001:DB8:1:100:0:0:0:5': '2001:db8:1:100::5',
  '2001:db8:1:1ff::9': '2001:db8:1:100::5',
}

/** Counted without any code of the replay: the first word of a line, and the method by its first letters. */
async function expectedRefusals(): Promise<{ total: number; byAddress: Record<string, number> }> {
  const used = new Map<string, number>()
  const byAddress: Record<string, number> = {}
  let total = 0
  let lineNumber = 0
  for await (const line of createInterface({ input: createReadStream(LOG) })) {
    lineNumber += 1
    if (MALFORMED.includes(lineNumber)) continue
    const address = line.split(' ')[0] ?? ''
    const isWrite = line.includes('"POST ')
    const key = `${SAME_CLIENT[address] ?? address} ${isWrite}`
    const count = (used.get(key) ?? 0) + 1
    used.set(key, count)
    if (count <= (isWrite ? 3 : 5)) continue
    total += 1
    byAddress[address] = (byAddress[address] ?? 0) + 1
  }
  return { total, byAddress }
}

interface Played {
  readonly code: number
  readonly report: string
  readonly progress: string
}

async function replay(
  args: readonly string[],
  signal: AbortSignal = new AbortController().signal,
): Promise<Played> {
  const written = { report: '', progress: '' }
  const to = (name: 'report' | 'progress') => ({
    write: (text: string): void => {
      written[name] += text
    },
  })
  const code = await runReplay(args, { report: to('report'), progress: to('progress') }, signal)
  return { code, ...written }
}

function refusedIn(report: string): Record<string, number> {
  const lines = [...report.matchAll(/^ {2}(\S+) +(\d+) refused of +\d+$/gm)]
  return Object.fromEntries(lines.map(([, address, refused]) => [address, Number(refused)]))
}

describe('a replay', () => {
  it('is refused exactly as often as the log says', async () => {
    const { url } = await startAgentwatch({ env: TRUSTING })
    const { code, report, progress } = await replay([LOG, '--url', url, '--speed', 'max'])
    const expected = await expectedRefusals()
    expect(expected.total).toBe(17)
    expect(code).toBe(0)
    expect(report).toMatch(
      /\n {2}48 lines, 41 answers, 7 clients, \d+\.\d s\n {2}17 refused \(429\), 24 let through\n/,
    )
    expect(progress).toBe('[##############################] 100 %  48 lines, 17 refused\n')
    // Which spelling of one client is refused depends on which request came last; their sum does not.
    const merge = (counts: Record<string, number>): Record<string, number> => {
      const merged: Record<string, number> = {}
      for (const [address, count] of Object.entries(counts)) {
        const client = SAME_CLIENT[address] ?? address
        merged[client] = (merged[client] ?? 0) + count
      }
      return merged
    }
    expect(merge(refusedIn(report))).toEqual(merge(expected.byAddress))
    expect(report).toContain(
      [
        'Malformed lines: 7',
        '  line 41: no quoted user agent at column 79',
        "  line 42: the client 'host.example' is no IP address",
        "  line 43: the time '31/Apr/2015:10:01:22 +0000' is not like 17/May/2015:10:05:03 +0000",
        '  line 44: the line is empty',
        "  line 45: the request '-' is not method, path and version",
        "  line 46: nobody knows the method 'BREW'",
        '  line 47: no client address at column 1',
        'Requests without an answer: 0',
      ].join('\n'),
    )
  })

  it('is charged to one client when the server trusts no proxy', async () => {
    const { url } = await startAgentwatch({ env: { ...LIMITS, API_RATE_LIMIT_TRUST_PROXY: 'false' } })
    const { report } = await replay([LOG, '--url', url, '--speed', 'max'])
    // 35 reads with limit 5, 6 writes with limit 3
    expect(report).toContain('  33 refused (429), 8 let through\n')
  })

  it("keeps the log's own pace, times the speed", async () => {
    const { url } = await startAgentwatch({ env: TRUSTING })
    const start = performance.now()
    // 90 seconds of log
    const { code } = await replay([LOG, '--url', url, '--speed', '300'])
    expect(code).toBe(0)
    // No request is sent before its time: timers are late at most, give or take their rounding.
    expect(performance.now() - start).toBeGreaterThanOrEqual(290)
  })

  it('reports what it played when it is interrupted', async () => {
    const { url } = await startAgentwatch({ env: TRUSTING })
    const interruption = new AbortController()
    const playing = replay([LOG, '--url', url, '--speed', '60'], interruption.signal)
    setTimeout(() => interruption.abort(), 200)
    const { code, report, progress } = await playing
    expect(code).toBe(1)
    expect(report).toMatch(/\n {2}\d+ lines, \d+ answers, /)
    expect(progress).toMatch(/\nreplay: interrupted; the report covers what was played.\n$/)
  })

  it('says how to start the server when nobody is there', async () => {
    const { url, close } = await startAgentwatch()
    await close()
    const { code, progress } = await replay([LOG, '--url', url])
    expect(code).toBe(1)
    expect(progress).toContain(
      `replay: nothing answers at ${url}. Start the server in another terminal: API_RATE_LIMIT_TRUST_PROXY=loopback npm start\n`,
    )
  })

  it('plays what is there of a log that breaks off', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'agentwatch-replay-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const path = join(folder, 'cut.gz')
    const line = '198.51.100.7 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 404 1 "-" "-"\n'
    await writeFile(path, gzipSync(line.repeat(20)).subarray(0, -4))
    const { url } = await startAgentwatch({ env: TRUSTING })
    const { code, report, progress } = await replay([path, '--url', url, '--speed', 'max'])
    expect(code).toBe(1)
    expect(report).toContain('  15 refused (429), 5 let through\n')
    expect(progress).toContain(`replay: ${path}: cannot be read (unexpected end of file).`)
  })

  it('runs as a program', async () => {
    const { url } = await startAgentwatch({ env: TRUSTING })
    const program = runProgram('agentwatch/replay/main.ts', [LOG, '--url', url, '--speed', 'max'], {})
    expect(await program.ends()).toBe(0)
    expect(program.stdout()).toContain('  17 refused (429), 24 let through\n')
    expect(program.stderr()).toBe('[##############################] 100 %  48 lines, 17 refused\n')
  })

  it.each([
    [
      ['--url', 'http://example.com', LOG],
      /^replay: --url takes an http URL of this machine, got 'http:\/\/example.com'/,
    ],
    [[], /^replay: Which log\? Usage: npm run replay -- /],
    [['/no/such/log'], /\nreplay: \/no\/such\/log: cannot be read \(ENOENT/],
  ])('ends with 1 for %j', async (args, message) => {
    const program = runProgram('agentwatch/replay/main.ts', args, {})
    expect(await program.ends()).toBe(1)
    expect(program.stderr()).toMatch(message)
  })
})
