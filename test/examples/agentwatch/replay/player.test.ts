import { describe, expect, it } from 'vitest'
import type { LoggedLine, LoggedRequest } from '../../../../examples/agentwatch/replay/logged-request.ts'
import { createPace } from '../../../../examples/agentwatch/replay/pace.ts'
import { play } from '../../../../examples/agentwatch/replay/player.ts'
import type { Sender } from '../../../../examples/agentwatch/replay/sender.ts'
import { TallyKeeper } from '../../../../examples/agentwatch/replay/tally.ts'

const loggedRequest = (address: string, target: string): LoggedRequest => ({
  address,
  timeMs: Date.UTC(2015, 4, 17, 10, 5, 3),
  method: 'GET',
  target,
})

async function* asynchronously(lines: Iterable<LoggedLine>): AsyncGenerator<LoggedLine> {
  yield* lines
}

async function playWith(
  send: Sender['send'],
  lines: Iterable<LoggedLine>,
  signal?: AbortSignal,
): Promise<TallyKeeper> {
  const tally = new TallyKeeper()
  await play({
    lines: asynchronously(lines),
    pace: createPace('max'),
    sender: { send, close: () => {} },
    tally,
    signal: signal ?? new AbortController().signal,
    onProgress: () => {},
  })
  return tally
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('play', () => {
  it('sends the requests of one client in order, one at a time, and those of other clients in parallel', async () => {
    const underWay = new Map<string, number>()
    const orders = new Map<string, string[]>()
    let mostUnderWay = 0
    const send = async ({ address, target }: LoggedRequest): Promise<number> => {
      expect(underWay.get(address) ?? 0).toBe(0)
      underWay.set(address, 1)
      mostUnderWay = Math.max(
        mostUnderWay,
        [...underWay.values()].reduce((sum, count) => sum + count, 0),
      )
      orders.set(address, [...(orders.get(address) ?? []), target])
      await nextTurn()
      underWay.set(address, 0)
      return 200
    }
    const addresses = ['198.51.100.1', '198.51.100.2', '198.51.100.3']
    const lines = Array.from({ length: 300 }, (_, index) =>
      loggedRequest(addresses[index % 3] ?? '', `/${index}`),
    )
    const tally = await playWith(send, lines)
    expect(mostUnderWay).toBe(3)
    for (const [index, address] of addresses.entries()) {
      expect(orders.get(address)).toEqual(Array.from({ length: 100 }, (_, n) => `/${n * 3 + index}`))
    }
    expect(tally.tally()).toMatchObject({ lines: 300, answered: 300, refused: 0, clients: 3 })
  })

  it('reads at most 256 requests ahead of the answers', async () => {
    let read = 0
    let answer: (() => void) | undefined
    const delayed = new Promise<number>((resolve) => {
      answer = () => resolve(200)
    })
    function* countedLines(): Generator<LoggedLine> {
      for (let index = 0; index < 10_000; index++) {
        read += 1
        yield loggedRequest('198.51.100.1', `/${index}`)
      }
    }
    const playing = playWith(() => delayed, countedLines())
    for (let turns = 0; turns < 2000; turns++) await nextTurn()
    expect(read).toBe(256)
    answer?.()
    expect((await playing).tally().answered).toBe(10_000)
  })

  it('counts and stores unreadable lines and failures, and continues', async () => {
    const send = async ({ target }: LoggedRequest): Promise<number> => {
      if (target === '/bad') throw new Error('socket hang up')
      return 429
    }
    const lines = [
      loggedRequest('198.51.100.1', '/a'),
      { unreadable: 'no client address at column 1' },
      loggedRequest('198.51.100.1', '/bad'),
      { unreadable: 'the line is empty' },
      loggedRequest('198.51.100.1', '/b'),
    ]
    const tally = (await playWith(send, lines)).tally()
    expect(tally).toMatchObject({
      lines: 5,
      unreadable: 2,
      unreadableLines: [
        { lineNumber: 2, reason: 'no client address at column 1' },
        { lineNumber: 4, reason: 'the line is empty' },
      ],
      refused: 2,
      failed: 1,
      failures: ['GET /bad: socket hang up'],
    })
  })

  it('ends if no server listens', async () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    let tries = 0
    const send = async (): Promise<number> => {
      tries += 1
      throw refused
    }
    const lines = Array.from({ length: 1000 }, () => loggedRequest('198.51.100.1', '/'))
    await expect(playWith(send, lines)).rejects.toBe(refused)
    expect(tries).toBe(1)
  })

  it('ends when the signal aborts, after the answers to the requests under way', async () => {
    const ending = new AbortController()
    let answered = 0
    const send = async (): Promise<number> => {
      await nextTurn()
      answered += 1
      if (answered === 5) ending.abort(new Error('aborted'))
      return 200
    }
    const lines = Array.from({ length: 1000 }, () => loggedRequest('198.51.100.1', '/'))
    await expect(playWith(send, lines, ending.signal)).rejects.toThrow('aborted')
    expect(answered).toBeGreaterThanOrEqual(5)
    expect(answered).toBeLessThanOrEqual(5 + 256)
  })
})
