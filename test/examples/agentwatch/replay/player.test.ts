import { describe, expect, it } from 'vitest'
import type { LoggedLine, LoggedRequest } from '../../../../examples/agentwatch/replay/logged-request.ts'
import { createPace } from '../../../../examples/agentwatch/replay/pace.ts'
import { play } from '../../../../examples/agentwatch/replay/player.ts'
import type { Sender } from '../../../../examples/agentwatch/replay/sender.ts'
import { TallyKeeper } from '../../../../examples/agentwatch/replay/tally.ts'

const lineOf = (address: string, target: string): LoggedRequest => ({
  address,
  timeMs: Date.UTC(2015, 4, 17, 10, 5, 3),
  method: 'GET',
  target,
  status: 200,
})

async function* linesOf(lines: Iterable<LoggedLine>): AsyncGenerator<LoggedLine> {
  yield* lines
}

async function playTo(
  send: Sender['send'],
  lines: Iterable<LoggedLine>,
  signal?: AbortSignal,
): Promise<TallyKeeper> {
  const tally = new TallyKeeper()
  await play({
    lines: linesOf(lines),
    pace: createPace('max'),
    sender: { send, close: () => {} },
    tally,
    signal: signal ?? new AbortController().signal,
    onProgress: () => {},
  })
  return tally
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('play', () => {
  it('sends the requests of one client in order, one at a time, and others beside them', async () => {
    const underWay = new Map<string, number>()
    const orders = new Map<string, string[]>()
    let most = 0
    const send = async ({ address, target }: LoggedRequest): Promise<number> => {
      expect(underWay.get(address) ?? 0).toBe(0)
      underWay.set(address, 1)
      most = Math.max(
        most,
        [...underWay.values()].reduce((sum, count) => sum + count, 0),
      )
      orders.set(address, [...(orders.get(address) ?? []), target])
      await turn()
      underWay.set(address, 0)
      return 200
    }
    const addresses = ['198.51.100.1', '198.51.100.2', '198.51.100.3']
    const lines = Array.from({ length: 300 }, (_, index) => lineOf(addresses[index % 3] ?? '', `/${index}`))
    const tally = await playTo(send, lines)
    expect(most).toBe(3)
    for (const [index, address] of addresses.entries()) {
      expect(orders.get(address)).toEqual(Array.from({ length: 100 }, (_, n) => `/${n * 3 + index}`))
    }
    expect(tally.tally()).toMatchObject({ lines: 300, answered: 300, refused: 0, clients: 3 })
  })

  it('reads no further ahead than it can send', async () => {
    let read = 0
    let answer: (() => void) | undefined
    const stuck = new Promise<number>((resolve) => {
      answer = () => resolve(200)
    })
    function* counted(): Generator<LoggedLine> {
      for (let index = 0; index < 10_000; index++) {
        read += 1
        yield lineOf('198.51.100.1', `/${index}`)
      }
    }
    const playing = playTo(() => stuck, counted())
    for (let turns = 0; turns < 2000; turns++) await turn()
    expect(read).toBe(256)
    answer?.()
    expect((await playing).tally().answered).toBe(10_000)
  })

  it('counts and names malformed lines and failures, and goes on', async () => {
    const send = async ({ target }: LoggedRequest): Promise<number> => {
      if (target === '/bad') throw new Error('socket hang up')
      return 429
    }
    const lines = [
      lineOf('198.51.100.1', '/a'),
      { unreadable: 'no client address at column 1' },
      lineOf('198.51.100.1', '/bad'),
      { unreadable: 'the line is empty' },
      lineOf('198.51.100.1', '/b'),
    ]
    const tally = (await playTo(send, lines)).tally()
    expect(tally).toMatchObject({
      lines: 5,
      malformed: 2,
      malformedLines: [
        { lineNumber: 2, reason: 'no client address at column 1' },
        { lineNumber: 4, reason: 'the line is empty' },
      ],
      refused: 2,
      failed: 1,
      failures: ['GET /bad: socket hang up'],
    })
  })

  it('gives up when nobody is there', async () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    let tries = 0
    const send = async (): Promise<number> => {
      tries += 1
      throw refused
    }
    const lines = Array.from({ length: 1000 }, () => lineOf('198.51.100.1', '/'))
    await expect(playTo(send, lines)).rejects.toBe(refused)
    expect(tries).toBe(1)
  })

  it('ends with the signal, after the answers to what was sent', async () => {
    const ending = new AbortController()
    let answered = 0
    const send = async (): Promise<number> => {
      await turn()
      answered += 1
      if (answered === 5) ending.abort(new Error('enough'))
      return 200
    }
    const lines = Array.from({ length: 1000 }, () => lineOf('198.51.100.1', '/'))
    await expect(playTo(send, lines, ending.signal)).rejects.toThrow('enough')
    expect(answered).toBeGreaterThanOrEqual(5)
    expect(answered).toBeLessThanOrEqual(5 + 256)
  })
})
