import { once } from 'node:events'
import { connect } from 'node:net'
import { mock } from 'node:test'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Deadline, withDeadline } from '../../../src/stores/resilience/deadline.ts'

describe('withDeadline', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const late = (): Error => new Error('late')

  it('resolves with a value that comes in time, and clears its timer', async () => {
    expect(await withDeadline(Promise.resolve(5), 100, late)).toBe(5)
    expect(await withDeadline(6, 100, late)).toBe(6)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('rejects with a rejection that comes in time, and clears its timer', async () => {
    await expect(withDeadline(Promise.reject(new Error('down')), 100, late)).rejects.toThrow('down')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('rejects at the deadline and not before', async () => {
    const settled = vi.fn()
    const promise = withDeadline(new Promise(() => undefined), 100, late)
    promise.catch(settled)
    await vi.advanceTimersByTimeAsync(99)
    expect(settled).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(settled).toHaveBeenCalledWith(new Error('late'))
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each(['resolve', 'reject'] as const)('ignores a late %s', async (outcome) => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    const { promise, ...settle } = settlable()
    const inTime = withDeadline(promise, 100, late)
    const rejected = expect(inTime).rejects.toThrow('late')
    await vi.advanceTimersByTimeAsync(100)
    await rejected
    settle[outcome](new Error('too late'))
    vi.useRealTimers()
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })
})

describe('a deadline in a busy process (threat 34)', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  /** When a deadline is over, if each of its timers fires so many milliseconds late. In milliseconds from its start. */
  async function endOf(lengthMs: number, lateMs: readonly number[]): Promise<number> {
    let busyMs = 0
    const [clock, late] = [performance.now.bind(performance), [...lateMs]]
    vi.spyOn(performance, 'now').mockImplementation(() => clock() + busyMs)
    const startedMs = performance.now()
    let endedMs: number | undefined
    const fake = setTimeout
    vi.spyOn(globalThis, 'setTimeout').mockImplementation(((
      callback: (argument: unknown) => void,
      ms: number,
      argument: unknown,
    ) =>
      fake(() => {
        busyMs += late.shift() ?? 0
        callback(argument)
      }, ms)) as never)
    new Deadline(lengthMs, () => {
      endedMs = performance.now() - startedMs
    })
    await vi.advanceTimersByTimeAsync(30_000)
    vi.restoreAllMocks()
    if (endedMs === undefined) throw new Error('it does not end')
    return endedMs
  }

  it.each([
    ['never late', 100, [], 100],
    ['as late as timers usually are', 100, [5], 105],
    ['late by 50 ms', 100, [50], 200],
    ['late by 50 ms, and then by 30 ms', 100, [50, 30], 260],
    ['late by 500 ms', 100, [500], 1000],
    ['late by ten seconds', 100, [10_000], 10_100],
    ['late again and again', 100, Array(100).fill(40), 1000],
    ['late, with a short deadline', 10, Array(100).fill(20), 110],
    ['late, with a deadline of more than a second', 2000, [500], 2500],
  ])('is extended while its timers are %s, and ends', async (_, lengthMs, lateMs, endMs) => {
    const endedMs = await endOf(lengthMs, lateMs)
    expect(endedMs).toBeGreaterThanOrEqual(endMs)
    expect(endedMs).toBeLessThanOrEqual(endMs + 60)
  })
})

describe('an answer that arrives while this process is busy (threat 34)', () => {
  /** A server in another thread. It says when its answer to the first byte has left. */
  const SERVER = `
    const { parentPort, workerData } = require('node:worker_threads')
    const answered = new Int32Array(workerData)
    const server = require('node:net').createServer((socket) => {
      socket.once('data', () => socket.write('answer', () => {
        Atomics.store(answered, 0, 1)
        Atomics.notify(answered, 0)
      }))
    }).listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))`
  const BUSY_MS = 500

  it.each([100, 5, 1])('is in time: a deadline of %i ms', async (deadlineMs) => {
    const answered = new Int32Array(new SharedArrayBuffer(4))
    const worker = new Worker(SERVER, { eval: true, workerData: answered.buffer })
    const [port] = (await once(worker, 'message')) as [number]
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    const answer = once(socket, 'data')
    const inTime = withDeadline(answer, deadlineMs, () => new Error('late'))
    socket.write('question')
    Atomics.wait(answered, 0, 0, 60_000)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_MS)
    expect(String(await inTime)).toBe('answer')
    socket.destroy()
    await worker.terminate()
  })
})

describe('a deadline with timers of a test framework', () => {
  afterEach(() => {
    vi.useRealTimers()
    mock.timers.reset()
  })

  type Faked = Parameters<typeof vi.useFakeTimers>[0]
  it.each<[string, NonNullable<Faked>['toFake']]>([
    ['setTimeout', ['setTimeout', 'clearTimeout']],
    ['setTimeout and setImmediate', ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate']],
    ['setTimeout and performance', ['setTimeout', 'clearTimeout', 'performance']],
  ])('is over at its time, however long that takes: with a fake %s', (_, toFake) => {
    vi.useFakeTimers({ toFake })
    const onOver = vi.fn()
    new Deadline(100, onOver)
    // The real clock runs on, and a test may take its time.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
    vi.advanceTimersByTime(99)
    expect(onOver).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(onOver).toHaveBeenCalledOnce()
  })

  it('is over at its time with the mock timers of node:test', () => {
    mock.timers.enable({ apis: ['setTimeout'] })
    const onOver = vi.fn()
    new Deadline(100, onOver)
    mock.timers.tick(99)
    expect(onOver).not.toHaveBeenCalled()
    mock.timers.tick(1)
    expect(onOver).toHaveBeenCalledOnce()
  })

  it.each<[string, NonNullable<Faked>['toFake']]>([
    ['setImmediate', ['setImmediate', 'clearImmediate']],
    ['performance', ['performance']],
  ])('ends although nobody turns the clock of a fake %s', async (_, toFake) => {
    vi.useFakeTimers({ toFake })
    await expect(withDeadline(new Promise(() => undefined), 10, () => new Error('late'))).rejects.toThrow(
      'late',
    )
  })
})

function settlable(): {
  promise: Promise<unknown>
  resolve: (value: unknown) => void
  reject: (error: Error) => void
} {
  let resolve: (value: unknown) => void = () => undefined
  let reject: (error: Error) => void = () => undefined
  const promise = new Promise((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}
