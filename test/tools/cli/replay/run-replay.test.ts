import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runReplay } from '../../../../src/tools/cli/replay/run-replay.ts'
import type { ReplaySummary } from '../../../../src/tools/cli/replay/summary.ts'
import { fakeTerminal } from '../fake-terminal.ts'
import { combinedLine, logTime } from '../log-lines.ts'

const START = Date.UTC(2026, 0, 5, 12)
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tollgate-replay-'))
})

afterAll(() => rm(folder, { recursive: true }))

/** Six reads of one client in a minute, one each of two others, a write, and what is no request. */
const LINES = [
  ...Array.from({ length: 6 }, (_, index) => line('203.0.113.7', index * 5)),
  line('2001:db8:1:1::9', 30),
  line('198.51.100.1', 29, 'POST'),
  'no-request-at-all',
  line('198.51.100.2', 65),
]

function line(address: string, second: number, method = 'GET', end?: string): string {
  const time = logTime(START + second * 1000)
  return combinedLine({
    address,
    time,
    request: `${method} / HTTP/1.1`,
    ...(end === undefined ? {} : { end }),
  })
}

async function replay(input: string, ...words: string[]): Promise<{ text: string; told: string }> {
  const terminal = fakeTerminal({ input })
  expect(await runReplay(['-', ...words], terminal)).toBe(0)
  return { text: terminal.written(), told: terminal.told() }
}

async function summaryOf(input: string, ...words: string[]): Promise<ReplaySummary> {
  return JSON.parse((await replay(input, '--json', ...words)).text) as ReplaySummary
}

describe('the report of a replay', () => {
  it('tells what, who, when, by which limit, and what was left out', async () => {
    const { text, told } = await replay(LINES.join('\n'), '--read', '4', '--write', '2')
    expect(text.split('\n')).toEqual([
      '2026-01-05 12:00:00 to 2026-01-05 12:01:05 UTC',
      '9 requests of 4 clients in 10 lines',
      '2 refused (22.22 %), of 1 clients (25.00 %)',
      '',
      'CLASS  LIMIT               REQUESTS  ADMITTED  REFUSED  CLIENTS  REFUSED CLIENTS',
      'read   4/60s fixed-window  8         6         2        3        1',
      'write  2/60s fixed-window  1         1         0        1        0',
      '',
      'CLASS  TO REFUSE      TAKE     REFUSED CLIENTS',
      'read   nobody         limit 6  0 of 3',
      'read   at most 0.1 %  limit 6  0 of 3',
      'read   at most 1 %    limit 6  0 of 3',
      'read   at most 5 %    limit 6  0 of 3',
      'write  nobody         limit 1  0 of 1',
      'write  at most 0.1 %  limit 1  0 of 1',
      'write  at most 1 %    limit 1  0 of 1',
      'write  at most 5 %    limit 1  0 of 1',
      '',
      'CLIENT       REFUSED  FIRST                LAST',
      '203.0.113.7  2 of 6   2026-01-05 12:00:20  2026-01-05 12:00:25',
      '',
      'MINUTE            REFUSED',
      '2026-01-05 12:00  2 of 8',
      '',
      '1 line holds no request that an app would see:',
      '  -:9: no client address at column 1',
      'Lines earlier than one before them: 1, by up to 1 s. They count as of then.',
      '',
    ])
    expect(told).toBe('')
  })

  it('is the same for machines', async () => {
    expect(await summaryOf(LINES.join('\n'), '--read', '4', '--write', 'false', '--mask')).toEqual({
      files: ['-'],
      from: '2026-01-05T12:00:00Z',
      to: '2026-01-05T12:01:05Z',
      lines: 10,
      requests: 9,
      admitted: 7,
      refused: 2,
      clients: 4,
      refusedClients: 1,
      classes: {
        read: {
          requests: 8,
          admitted: 6,
          refused: 2,
          clients: 3,
          refusedClients: 1,
          limit: { limit: 4, windowSec: 60, algorithm: 'fixed-window', burst: 4 },
          suggestions: [0, 0.001, 0.01, 0.05].map((share) => ({ share, limit: 6, refusedClients: 0 })),
        },
        write: {
          requests: 1,
          admitted: 1,
          refused: 0,
          clients: 0,
          refusedClients: 0,
          limit: null,
          suggestions: [],
        },
      },
      topClients: [
        {
          client: '203.0.113.x',
          requests: 6,
          refused: 2,
          firstRefused: '2026-01-05T12:00:20Z',
          lastRefused: '2026-01-05T12:00:25Z',
        },
      ],
      busiestMinutes: [{ minute: '2026-01-05T12:00:00Z', requests: 8, refused: 2 }],
      unreadable: 1,
      unreadableLines: [{ path: '-', line: 9, why: 'no client address at column 1' }],
      lateLines: 1,
      mostLateSec: 1,
      forwardedLines: 0,
      forgottenClients: 0,
    })
  })

  it('says so when there is nothing', async () => {
    expect((await replay('')).text).toBe(
      'No requests in 0 lines.\n\nCLASS  LIMIT                  REQUESTS  ADMITTED  REFUSED  CLIENTS  REFUSED CLIENTS\n' +
        'read   1000/60s fixed-window  0         0         0        0        0\n' +
        'write  200/60s fixed-window   0         0         0        0        0\n',
    )
  })

  it('names as many clients as it is told, and counts the others', async () => {
    const input = ['192.0.2.1', '192.0.2.2', '192.0.2.3']
      .flatMap((one) => [line(one, 0), line(one, 0)])
      .join('\n')
    const { text } = await replay(input, '--read', '1', '--top', '2')
    expect(text).toContain('\n192.0.2.2  1 of 2 ')
    expect(text).not.toContain('192.0.2.3')
    expect(text).toContain('\nand 1 more: --top 3\n')
  })

  it('counts unreadable lines that it does not name', async () => {
    const { text } = await replay('x\n'.repeat(8))
    expect(text).toContain('8 lines hold no request that an app would see:\n  -:1: no client address')
    expect(text).toContain('\n  and 3 more\n')
  })
})

describe('a replay behind a proxy', () => {
  const behind = ['192.0.2.1', '192.0.2.2']
    .map((one) => line('10.0.0.1', 0, 'GET', `200 1 "-" "-" "${one}"`))
    .join('\n')

  it('tells clients apart by X-Forwarded-For when its sender is trusted', async () => {
    expect((await summaryOf(behind, '--trust', '10.0.0.0/8')).clients).toBe(2)
  })

  it('says that nobody is trusted', async () => {
    const { told } = await replay(behind)
    expect(told).toBe(
      '2 of 2 requests carry X-Forwarded-For, and nobody is trusted: clients are told apart by the first address ' +
        'of a line. Add --trust as in your trustProxy.\n',
    )
  })

  it('says that there is nothing to trust', async () => {
    const { told } = await replay(LINES.join('\n'), '--trust', '1')
    expect(told).toMatch(/^No line carries X-Forwarded-For, so --trust changes nothing: /)
  })
})

describe('several logs', () => {
  it('are played in the order of their times', async () => {
    const [older, newer] = [join(folder, 'access.log.1'), join(folder, 'access.log')]
    await writeFile(older, `junk\n${line('192.0.2.1', 0)}\n`)
    await writeFile(newer, `${line('192.0.2.1', 3600)}\n`)
    const terminal = fakeTerminal()
    await runReplay([newer, older, '--json', '--read', '1'], terminal)
    expect(JSON.parse(terminal.written())).toMatchObject({ files: [older, newer], refused: 0, lateLines: 0 })
  })
})

describe('the progress of a replay', () => {
  it('is shown on a terminal only, and is gone at the end', async () => {
    const path = join(folder, 'long.log')
    await writeFile(path, `${line('192.0.2.1', 0)}\n`.repeat(100_000))
    const terminal = fakeTerminal({ isTTY: true })
    await runReplay([path], terminal)
    const frames = terminal.told().split('\r').slice(1)
    expect(frames.length).toBeGreaterThan(1)
    expect(frames.pop()).toBe('\u001b[K')
    for (const frame of frames) expect(frame).toMatch(/^\[#*-*\] +\d+ % {2}\d+ lines, \d+ refused/)
    const quiet = fakeTerminal({ isTTY: true })
    await runReplay([path, '--no-progress'], quiet)
    expect(quiet.told()).toBe('')
  })
})

describe('the chart of a replay', () => {
  it('shows requests over time, and peaks with the limits', async () => {
    const path = join(folder, 'chart.svg')
    await replay(LINES.join('\n'), '--read', '4', '--write', 'false', '--chart', path)
    const svg = await readFile(path, 'utf8')
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" viewBox="0 0 760 440"/)
    expect(svg).toContain('>Requests in a minute: admitted, and refused on top of them</text>')
    expect(svg).toContain('>Clients by their most reads in 60 s (fixed-window; logarithmic)</text>')
    expect(svg).toContain('>limit 4</text>')
    expect(svg).toContain('>1 %: 6</text>')
    // Two of eight requests in the first of two minutes were refused: a quarter of the highest bar.
    expect(svg.match(/height="35" fill="#d9480f"/g)).toHaveLength(1)
    expect(svg.match(/height="105" fill="#2f7de1"/g)).toHaveLength(1)
  })

  it('is drawn of nothing too', async () => {
    const path = join(folder, 'empty.svg')
    await replay('', '--chart', path)
    expect(await readFile(path, 'utf8')).toContain('<svg ')
  })

  it('is named when it cannot be written', async () => {
    await expect(replay('', '--chart', '/no/such/folder/a.svg')).rejects.toThrow(
      /^--chart: cannot be written \(ENOENT: .*\), got '\/no\/such\/folder\/a.svg'. Give a file in a folder that exists.$/,
    )
  })
})

describe('the options of a replay', () => {
  it.each([
    [[], "replay: takes a log, got undefined. Give an access log, or '-' for standard input."],
    [['a', '--read', '0'], "--read: takes a whole number, got '0'. Give a number of at least 1."],
    [['a', '--window', 'x'], "--window: takes seconds, got 'x'. Give a number such as 60."],
    [
      ['a', '--burst', '5'],
      '--burst: has no meaning for a fixed-window, got 5. Add --algorithm token-bucket.',
    ],
    [
      ['a', '--algorithm', 'token-buckt'],
      "--algorithm: takes one of a few names, got 'token-buckt'. Did you mean 'token-bucket'?",
    ],
    [['a', '--format', 'xml'], "--format: takes one of a few names, got 'xml'."],
    [['a', '--trust', 'proxies'], "--trust: takes what the option trustProxy does, got 'proxies'."],
    [['a', '--ttl', '5'], 'ttlSec: is shorter than the 60 s of the longest window'],
    [['a', '--ipv6-subnet', '129'], 'ipv6Subnet: takes a whole number, got 129.'],
    [['/no/such/log'], '/no/such/log: cannot be read (ENOENT'],
  ])('%j are refused', async (words, message) => {
    await expect(runReplay(words, fakeTerminal())).rejects.toThrow(message)
  })
})
