import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
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

/**
 * Six reads of one client in a minute, one read each of two others, a write, and a line without a request.
 */
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

async function replay(input: string, ...args: string[]): Promise<{ text: string; messages: string }> {
  const terminal = fakeTerminal({ input })
  expect(await runReplay(['-', ...args], terminal)).toBe(0)
  return { text: terminal.outputText(), messages: terminal.messagesText() }
}

async function summaryOf(input: string, ...args: string[]): Promise<ReplaySummary> {
  return JSON.parse((await replay(input, '--json', ...args)).text) as ReplaySummary
}

describe('the report of a replay', () => {
  it('shows the refused requests, their clients and times, the limits, and the unreadable lines', async () => {
    const { text, messages } = await replay(LINES.join('\n'), '--read', '4', '--write', '2')
    expect(text.split('\n')).toEqual([
      '2026-01-05 12:00:00 to 2026-01-05 12:01:05 UTC',
      '9 requests of 4 clients in 10 lines',
      '2 refused (22.22 %), of 1 clients (25.00 %)',
      '',
      'CLASS  LIMIT               REQUESTS  ALLOWED  REFUSED  CLIENTS  REFUSED CLIENTS',
      'read   4/60s fixed-window  8         6        2        3        1',
      'write  2/60s fixed-window  1         1        0        1        0',
      '',
      'CLASS  TO REFUSE      SET      REFUSED CLIENTS',
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
      'Lines that are earlier than a line before them: 1, by up to 1 s. They are counted at the latest time so far.',
      '',
    ])
    expect(messages).toBe('')
  })

  it('counts all methods in one budget with --limit', async () => {
    const { requests, refused, classes } = await summaryOf(LINES.join('\n'), '--limit', '4')
    expect([requests, refused]).toEqual([9, 2])
    expect(Object.keys(classes)).toEqual(['any'])
    expect(classes.any).toMatchObject({ requests: 9, refused: 2, limit: { limit: 4 } })
  })

  it('has the same figures as JSON', async () => {
    expect(await summaryOf(LINES.join('\n'), '--read', '4', '--write', 'false', '--mask')).toEqual({
      files: ['-'],
      from: '2026-01-05T12:00:00Z',
      to: '2026-01-05T12:01:05Z',
      lines: 10,
      requests: 9,
      allowed: 7,
      refused: 2,
      clients: 4,
      refusedClients: 1,
      classes: {
        read: {
          requests: 8,
          allowed: 6,
          refused: 2,
          clients: 3,
          refusedClients: 1,
          limit: { limit: 4, windowSec: 60, algorithm: 'fixed-window', burst: 4 },
          compared: [],
          suggestions: [0, 0.001, 0.01, 0.05].map((share) => ({ share, limit: 6, refusedClients: 0 })),
        },
        write: {
          requests: 1,
          allowed: 1,
          refused: 0,
          clients: 0,
          refusedClients: 0,
          limit: null,
          compared: [],
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

  it('says that there are no requests', async () => {
    expect((await replay('')).text).toBe(
      'No requests in 0 lines.\n\nCLASS  LIMIT                  REQUESTS  ALLOWED  REFUSED  CLIENTS  REFUSED CLIENTS\n' +
        'read   1000/60s fixed-window  0         0        0        0        0\n' +
        'write  200/60s fixed-window   0         0        0        0        0\n',
    )
  })

  it('lists as many clients as --top allows, and counts the others', async () => {
    const input = ['192.0.2.1', '192.0.2.2', '192.0.2.3']
      .flatMap((one) => [line(one, 0), line(one, 0)])
      .join('\n')
    const { text } = await replay(input, '--read', '1', '--top', '2')
    expect(text).toContain('\n192.0.2.2  1 of 2 ')
    expect(text).not.toContain('192.0.2.3')
    expect(text).toContain('\nand 1 more; --top 3 lists all\n')
  })

  it('masks the addresses of the clients that it lists', async () => {
    const input = ['2001:db8:1:100::1', '203.0.113.7'].flatMap((address) => [
      line(address, 0),
      line(address, 0),
    ])
    const { topClients } = await summaryOf(input.join('\n'), '--read', '1', '--mask')
    expect(topClients.map(({ client }) => client)).toEqual(['2001:db8::/32', '203.0.113.x'])
  })

  it('counts unreadable lines that it does not list', async () => {
    const { text } = await replay(`${'x\n'.repeat(8)}${line('192.0.2.1', 0)}`)
    expect(text).toContain('8 lines hold no request that an app would see:\n  -:1: no client address')
    expect(text).toContain('\n  and 3 more\n')
  })
})

describe('a replay with calendar windows', () => {
  it('counts by the calendar of a time zone', async () => {
    // Three requests of a client in each of two hours, the last in the first minute of the next day in Kathmandu.
    const start = Date.UTC(2026, 2, 1, 16, 45) - START
    const input = [0, 1, 2, 60, 61, 62, 90]
      .map((minute) => line('192.0.2.1', start / 1000 + minute * 60))
      .join('\n')
    const zone = ['--time-zone', 'Asia/Kathmandu', '--write', 'false']
    const refused = async (...args: string[]): Promise<number> =>
      (await summaryOf(input, ...args, ...zone)).refused
    expect(await refused('--per', 'day', '--read', '5')).toBe(1)
    expect(await refused('--per', 'hour', '--read', '2')).toBe(2)
    expect(await refused('--per', 'month', '--starts-on', '2', '--read', '5')).toBe(1)
    const { classes } = await summaryOf(input, '--per', 'day', '--read', '5', ...zone)
    expect(classes.read?.limit).toEqual({
      limit: 5,
      windowSec: 97_200,
      calendar: { per: 'day', timeZone: 'Asia/Kathmandu', startsOn: 1 },
      algorithm: 'calendar-window',
      burst: 5,
    })
    const { text } = await replay(input, '--per', 'day', '--read', '5', ...zone)
    expect(text).toContain('\nread   5/day (Asia/Kathmandu) calendar-window  7 ')
  })

  it.each([
    [['--time-zone', 'UTC'], "--time-zone: needs --per, got 'UTC'. Add --per month."],
    [['--starts-on', '5'], "--starts-on: needs --per, got '5'. Add --per month."],
    [
      ['--per', 'month', '--window', '60'],
      '--per and --window: cannot both be set. Keep --per for windows of the calendar, or --window for windows that begin with a request.',
    ],
    [
      ['--per', 'week', '--starts-on', '5'],
      "--starts-on: is a day of a month, and --per is week, got '5'. Leave it out.",
    ],
    [
      ['--per', 'day', '--time-zone', 'Berlin'],
      "--time-zone: takes a time zone that Intl knows, got 'Berlin'. Did you mean 'Europe/Berlin'? Give a name such as 'Europe/Berlin', or leave it out for UTC.",
    ],
  ])('rejects %o', async (args, message) => {
    await expect(replay('', ...args)).rejects.toThrow(message)
  })
})

describe('a replay that compares limits', () => {
  it('shows what each would have refused, and the rest of the report for the first', async () => {
    const { text } = await replay(LINES.join('\n'), '--read', '4, 5,6', '--write', '1')
    expect(text).toContain(
      [
        'CLASS  LIMIT               REQUESTS  ALLOWED  REFUSED  CLIENTS  REFUSED CLIENTS',
        'read   4/60s fixed-window  8         6        2        3        1',
        'write  1/60s fixed-window  1         1        0        1        0',
        '',
        'CLASS  COMPARED LIMIT      REFUSED      REFUSED CLIENTS',
        'read   4/60s fixed-window  2 (25.00 %)  1 (33.33 %)',
        'read   5/60s fixed-window  1 (12.50 %)  1 (33.33 %)',
        'read   6/60s fixed-window  0 (0.00 %)   0 (0.00 %)',
        'The other tables are about the first limit of each class.',
        '',
        'CLASS  TO REFUSE',
      ].join('\n'),
    )
    expect(text).toContain('\n203.0.113.7  2 of 6 ')
  })

  it('has the figures of the same replay with that limit alone, for each class and algorithm', async () => {
    const input = Array.from({ length: 400 }, (_, index) =>
      line(`192.0.2.${index % 7}`, Math.floor(index / 4), index % 4 === 0 ? 'POST' : 'GET'),
    ).join('\n')
    for (const algorithm of ['fixed-window', 'sliding-window', 'token-bucket']) {
      const settings = ['--algorithm', algorithm, '--window', '20']
      const { classes } = await summaryOf(input, ...settings, '--read', '2,4,9', '--write', '3,1')
      for (const [option, requestClass, limits] of [
        ['--read', 'read', [2, 4, 9]],
        ['--write', 'write', [3, 1]],
      ] as const) {
        const { compared = [] } = classes[requestClass] ?? {}
        expect(compared.map(({ limit }) => limit?.limit)).toEqual(limits)
        for (const { limit, refused, refusedClients } of compared) {
          const alone = await summaryOf(input, ...settings, option, String(limit?.limit))
          const { [requestClass]: expected } = alone.classes
          expect({ limit, refused, refusedClients }).toEqual({
            limit: expected?.limit,
            refused: expected?.refused,
            refusedClients: expected?.refusedClients,
          })
        }
        expect(compared.some(({ refused }) => refused > 0)).toBe(true)
      }
    }
  })

  it('may compare a limit with none, and shows no share of clients that were not counted', async () => {
    const { text } = await replay(LINES.join('\n'), '--read', 'false,5')
    expect(text).toContain(
      '\nread   none                0 (0.00 %)   0\nread   5/60s fixed-window  1 (12.50 %)  1\n',
    )
  })
})

describe('a replay of a log of which no line can be read', () => {
  const FORMATS =
    'The formats that can be read are combined, common, vhost_combined, json, caddy, traefik, google-cloud, alb, ' +
    'cloudfront, iis, haproxy.'

  it.each([
    [
      '{"level":"info","msg":"a","time":1}\n{"level":"info"}\n\n{"level":"info"}\n',
      `It has 3 lines of JSON with the keys level, msg, time; line 1: no remote_addr. ${FORMATS}`,
    ],
    [
      '\ufeff{"level":"info"}',
      `It has 1 line of JSON with the keys level; line 1: no remote_addr. ${FORMATS}`,
    ],
    [
      JSON.stringify(Object.fromEntries(Array.from({ length: 14 }, (_, index) => [`k${index}`, 0]))),
      'keys k0, k1, k2, k3, k4, k5, k6, k7, k8, k9, k10, k11 and 2 more; line 1: no remote_addr.',
    ],
    ['\nhello\nworld\n', `It has 2 lines of text; line 2: no client address at column 1. ${FORMATS}`],
    ['{"a":1}\nhello\n', 'It has 1 line of JSON with the keys a and 1 line of text; line 1: no remote_addr.'],
    ['a\0b\n', 'It has 1 line of binary data; line 1: no client address at column 1.'],
    [
      '#Version: 1.5\n#Fields: date time action protocol\n2024-03-05 11:34:56 DROP TCP\n',
      'It has 1 line of text with the fields date, time, action, protocol; line 3: the line #Fields has no c-ip.',
    ],
    [
      `${'x'.repeat(70_000)}\n`,
      'It has 1 line with more than 65536 characters; line 1: the line is longer than 65536 characters.',
    ],
    [
      JSON.stringify([{ httpRequest: {} }], null, 2),
      "It has JSON that is not one object a line; line 1: no client address at column 1. Write one object a line, for example with jq -c '.[]'.",
    ],
    ['[{"a":1},{"a":2}]', 'It has JSON that is not one object a line; line 1: '],
  ])('is an error that names what was found: %#', async (input, message) => {
    const error = replay(input)
    await expect(error).rejects.toThrow('standard input: has no line that can be read. ')
    await expect(error).rejects.toThrow(message)
  })

  it('is an error for each log, even if another log can be read', async () => {
    const [good, bad] = [join(folder, 'good.log'), join(folder, 'error.log')]
    await writeFile(good, `${line('192.0.2.1', 0)}\n`)
    await writeFile(bad, 'an error\n')
    const terminal = fakeTerminal()
    await expect(runReplay([good, bad], terminal)).rejects.toThrow(`${bad}: has no line that can be read.`)
    expect(terminal.outputText()).toBe('')
  })

  it('is an error that advises to leave --format out', async () => {
    await expect(replay(line('192.0.2.1', 0), '--format', 'caddy')).rejects.toThrow(
      'It has 1 line of text; line 1: the line is not a JSON object. Leave --format out, so that the format is recognised by itself.',
    )
  })

  it.each([
    ['no lines', ''],
    ['only empty lines', '\n\n'],
    ['only lines that describe it', '#Version: 1.0\n#Fields: date time c-ip cs-method cs-uri-stem\n'],
    ['only requests that no app would see', combinedLine({ request: '\\x16\\x03' })],
  ])('is no error if it has %s', async (_lines, input) => {
    expect((await summaryOf(input)).requests).toBe(0)
  })
})

describe('a replay of a log with lines that describe it', () => {
  it('counts them neither as requests nor as unreadable', async () => {
    const lines = [
      '#Version: 1.0',
      '#Fields: date time c-ip cs-method cs-uri-stem',
      '2026-01-05 12:00:00 192.0.2.1 GET /',
    ]
    expect(await summaryOf(lines.join('\n'))).toMatchObject({
      lines: 3,
      requests: 1,
      unreadable: 0,
      from: '2026-01-05T12:00:00Z',
    })
  })

  it('keeps the fields of each log apart', async () => {
    const [first, second] = [join(folder, 'one.log'), join(folder, 'two.log')]
    await writeFile(
      first,
      '#Fields: date time c-ip cs-method cs-uri-stem\n2026-01-05 12:00:00 192.0.2.1 GET /\n',
    )
    await writeFile(second, '2026-01-05 13:00:00 192.0.2.1 GET /\n')
    await expect(runReplay([first, second], fakeTerminal())).rejects.toThrow(
      `${second}: has no line that can be read.`,
    )
  })
})

describe('a replay behind a proxy', () => {
  const behindProxy = ['192.0.2.1', '192.0.2.2']
    .map((one) => line('10.0.0.1', 0, 'GET', `200 1 "-" "-" "${one}"`))
    .join('\n')

  it('takes the clients from X-Forwarded-For when the proxy is trusted', async () => {
    expect((await summaryOf(behindProxy, '--trust', '10.0.0.0/8')).clients).toBe(2)
  })

  it('warns that no proxy is trusted', async () => {
    const { messages } = await replay(behindProxy)
    expect(messages).toBe(
      '2 of 2 requests have X-Forwarded-For, but no proxy is trusted. The client of a request is the first address of ' +
        'its line. Add --trust with the value of your trustProxy.\n',
    )
  })

  it('warns that no line has a header to trust', async () => {
    const { messages } = await replay(LINES.join('\n'), '--trust', '1')
    expect(messages).toMatch(
      /^No line has X-Forwarded-For, so --trust has no effect\. The client of a request is the first address of its line\. /,
    )
  })
})

describe('a replay of several logs', () => {
  it('reads them in the order of their times', async () => {
    const [older, newer] = [join(folder, 'access.log.1'), join(folder, 'access.log')]
    await writeFile(older, `junk\n${line('192.0.2.1', 0)}\n`)
    await writeFile(newer, `${line('192.0.2.1', 3600)}\n`)
    const terminal = fakeTerminal()
    await runReplay([newer, older, '--json', '--read', '1'], terminal)
    expect(JSON.parse(terminal.outputText())).toMatchObject({
      files: [older, newer],
      refused: 0,
      lateLines: 0,
    })
  })
})

describe('the progress of a replay', () => {
  afterEach(() => void vi.restoreAllMocks())

  it('is shown on a terminal only, and is cleared at the end', async () => {
    const path = join(folder, 'long.log')
    await writeFile(path, `${line('192.0.2.1', 0)}\n`.repeat(100_000))
    // With 60 ms from call to call, every second block of lines shows progress.
    let nowMs = 0
    vi.spyOn(performance, 'now').mockImplementation(() => (nowMs += 60))
    const terminal = fakeTerminal({ isTTY: true })
    await runReplay([path], terminal)
    const frames = terminal.messagesText().split('\r').slice(1)
    expect(frames.length).toBeGreaterThan(1)
    expect(frames.pop()).toBe('\u001b[K')
    for (const frame of frames) expect(frame).toMatch(/^\[#*-*\] +\d+ % {2}\d+ lines, \d+ refused/)
    const quiet = fakeTerminal({ isTTY: true })
    await runReplay([path, '--no-progress'], quiet)
    expect(quiet.messagesText()).toBe('')
  })
})

describe('the chart of a replay', () => {
  it('shows requests over time, and clients by usage with the limits', async () => {
    const path = join(folder, 'chart.svg')
    await replay(LINES.join('\n'), '--read', '4', '--write', 'false', '--chart', path)
    const svg = await readFile(path, 'utf8')
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" viewBox="0 0 800 \d+"/)
    const texts = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text)
    expect(texts).toEqual(
      expect.arrayContaining([
        ...['Requests, in bars of a minute', 'allowed', 'refused', '0', '2', '4', '6', '8'],
        ...['12:00', '2026-01-05', '12:01', 'time, in UTC'],
        ...[
          'Clients by their highest number of reads in 60 s (fixed-window)',
          'not refused',
          'above limit 4',
        ],
        ...['limit', 'limit 4', 'refuses at most this share of clients', '0.1 %, 1 %, 5 %: 6'],
        'highest number of reads in 60 s of a client; both scales are logarithmic',
      ]),
    )
    // Two of the eight requests in the first minute were refused: a quarter of the highest bar, which is 160
    // high.
    expect(svg.match(/height="40" fill="#d9480f"/g)).toHaveLength(1)
    expect(svg.match(/height="120" fill="#2f7de1"/g)).toHaveLength(1)
  })

  it('marks the limits that are compared', async () => {
    const path = join(folder, 'compared.svg')
    await replay(LINES.join('\n'), '--read', '4,50,100', '--chart', path)
    const svg = await readFile(path, 'utf8')
    for (const label of ['limits', 'limit 4', 'limit 50', 'limit 100', 'above limit 4']) {
      expect(svg).toContain(`>${label}</text>`)
    }
  })

  it('is drawn for a log without requests too', async () => {
    const path = join(folder, 'empty.svg')
    await replay('', '--chart', path)
    const svg = await readFile(path, 'utf8')
    expect(svg).toContain('>No requests</text>')
    expect(svg).not.toContain('1970')
  })

  it('is named in the error when it cannot be written', async () => {
    await expect(replay('', '--chart', '/no/such/folder/a.svg')).rejects.toThrow(
      /^--chart: cannot be written \(ENOENT: .*\), got '\/no\/such\/folder\/a.svg'. Give a file in a folder that exists\. See /,
    )
  })
})

describe('the options of a replay', () => {
  it.each([
    [[], "replay: takes a log, got undefined. Give an access log, or '-' for standard input."],
    [
      ['a', '--read', '0'],
      "--read: takes a whole number or false, got '0'. Give a number of at least 1, or false for no limit. A limit of 0 refuses every request.",
    ],
    [
      ['a', '--read', '50,x'],
      "--read: takes a whole number or false, got 'x'. Give a number of at least 1, or false for no limit. A limit of 0 refuses every request.",
    ],
    [
      ['a', '--read', '50,'],
      "--read: takes a whole number or false, got ''. Give a number of at least 1, or false for no limit. A limit of 0 refuses every request.",
    ],
    [
      ['a', '--read', '50', '--read', '100'],
      "--read: is given twice, got '--read'. Write --read <value>,<value>.",
    ],
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
    [['a', '--format', 'cady'], "--format: takes one of a few names, got 'cady'. Did you mean 'caddy'?"],
    [['a', '--format', 'vhost-combined'], "got 'vhost-combined'. Did you mean 'vhost_combined'?"],
    [['a', '--trust', 'proxies'], "--trust: takes the values of the option trustProxy, got 'proxies'."],
    [['a', '--ttl', '5'], 'ttlSec: is shorter than the longest window (or time to fill a bucket) of 60 s'],
    [['a', '--ipv6-subnet', '129'], 'ipv6Subnet: takes a whole number, got 129.'],
    [['/no/such/log'], '/no/such/log: cannot be read (ENOENT'],
  ])('are rejected when they are %j', async (args, message) => {
    await expect(runReplay(args, fakeTerminal())).rejects.toThrow(message)
  })
})
