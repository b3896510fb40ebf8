import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ClusterReadyWaiter, ReadyWaiter } from '../../../../src/stores/redis/clients/ready-waiters.ts'

class FakeServer extends EventEmitter {
  status = 'connecting'

  becomes(status: 'ready' | 'end'): void {
    this.status = status
    this.emit(status)
  }
}

const notReady = (): Error => new Error('not ready')

describe('ReadyWaiter', () => {
  let client: EventEmitter
  let waiter: ReadyWaiter
  beforeEach(() => {
    vi.useFakeTimers()
    client = new EventEmitter()
    waiter = new ReadyWaiter(client)
  })
  afterEach(() => void vi.useRealTimers())

  it('resolves when the client is ready, and leaves no timer and no listener', async () => {
    const waited = waiter.within(100, notReady)
    expect(client.listenerCount('ready')).toBe(1)
    client.emit('ready')
    await expect(waited).resolves.toBeUndefined()
    expect(vi.getTimerCount()).toBe(0)
    expect(client.listenerCount('ready')).toBe(0)
  })

  it('rejects at the deadline and not before, and leaves no timer and no listener', async () => {
    const settled = vi.fn()
    waiter.within(100, notReady).then(settled, settled)
    await vi.advanceTimersByTimeAsync(99)
    expect(settled).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(settled).toHaveBeenCalledExactlyOnceWith(new Error('not ready'))
    expect(vi.getTimerCount()).toBe(0)
    expect(client.listenerCount('ready')).toBe(0)
  })

  it('makes the error at the deadline, and not when the waiting starts', async () => {
    let status = 'connecting'
    const waited = waiter.within(100, () => new Error(status))
    const rejected = expect(waited).rejects.toThrow('reconnecting')
    status = 'reconnecting'
    await vi.advanceTimersByTimeAsync(100)
    await rejected
  })

  it('uses one listener for all callers, and resolves for all of them', async () => {
    const all = Array.from({ length: 100 }, () => waiter.within(100, notReady))
    expect(client.listenerCount('ready')).toBe(1)
    client.emit('ready')
    await Promise.all(all)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('keeps waiting for the callers whose deadline is later', async () => {
    const shorter = expect(waiter.within(50, notReady)).rejects.toThrow('not ready')
    const longer = waiter.within(100, notReady)
    await vi.advanceTimersByTimeAsync(50)
    await shorter
    client.emit('ready')
    await expect(longer).resolves.toBeUndefined()
  })

  it('can be used again after it has resolved or rejected', async () => {
    for (const _ of [1, 2]) {
      const waited = waiter.within(100, notReady)
      client.emit('ready')
      await expect(waited).resolves.toBeUndefined()
      const rejected = expect(waiter.within(100, notReady)).rejects.toThrow('not ready')
      await vi.advanceTimersByTimeAsync(100)
      await rejected
    }
  })
})

describe('ClusterReadyWaiter', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('waits once, until each server is connected or has ended', async () => {
    const [one, other] = [new FakeServer(), new FakeServer()]
    const waiter = new ClusterReadyWaiter(() => [one, other])
    const waiting = waiter.within(100, notReady)
    let hasResolved = false
    void waiting?.then(() => {
      hasResolved = true
    })
    one.becomes('ready')
    await vi.advanceTimersByTimeAsync(99)
    expect(hasResolved).toBe(false)
    other.becomes('end')
    await waiting
    one.status = 'reconnecting'
    expect(waiter.within(100, notReady)).toBeUndefined()
  })

  it('rejects at the deadline, while a later caller keeps waiting', async () => {
    const server = new FakeServer()
    const waiter = new ClusterReadyWaiter(() => [server])
    const late = waiter.within(100, notReady)?.catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(99)
    const next = waiter.within(100, notReady)
    await vi.advanceTimersByTimeAsync(1)
    expect(await late).toEqual(new Error('not ready'))
    server.becomes('ready')
    expect(await next).toBeUndefined()
    expect(waiter.within(100, notReady)).toBeUndefined()
  })

  it('uses one listener for all callers', () => {
    const server = new FakeServer()
    const waiter = new ClusterReadyWaiter(() => [server])
    for (let turn = 0; turn < 20; turn++) void waiter.within(100, notReady)?.catch(() => undefined)
    expect(server.listenerCount('ready')).toBe(1)
    expect(server.listenerCount('end')).toBe(1)
  })

  it('does not wait for servers that are connected or have ended already', async () => {
    const [one, other] = [new FakeServer(), new FakeServer()]
    one.status = 'ready'
    other.status = 'end'
    const waiter = new ClusterReadyWaiter(() => [one, other])
    await waiter.within(100, notReady)
    expect(waiter.within(100, notReady)).toBeUndefined()
  })
})
