import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FirstConnections } from '../../../../src/stores/redis/clients/first-connections.ts'

class FakeServer extends EventEmitter {
  status = 'connecting'

  becomes(status: 'ready' | 'end'): void {
    this.status = status
    this.emit(status)
  }
}

const notReady = (): Error => new Error('not ready')

describe('FirstConnections', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('waits until each server is connected to or given up, and never again', async () => {
    const [one, other] = [new FakeServer(), new FakeServer()]
    const connections = new FirstConnections(() => [one, other])
    const waiting = connections.within(100, notReady)
    let isThere = false
    void waiting?.then(() => {
      isThere = true
    })
    one.becomes('ready')
    await vi.advanceTimersByTimeAsync(99)
    expect(isThere).toBe(false)
    other.becomes('end')
    await waiting
    one.status = 'reconnecting'
    expect(connections.within(100, notReady)).toBeUndefined()
  })

  it('waits no longer than it may, and lets the next one wait on', async () => {
    const server = new FakeServer()
    const connections = new FirstConnections(() => [server])
    const late = connections.within(100, notReady)?.catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(99)
    const next = connections.within(100, notReady)
    await vi.advanceTimersByTimeAsync(1)
    expect(await late).toEqual(new Error('not ready'))
    server.becomes('ready')
    expect(await next).toBeUndefined()
    expect(connections.within(100, notReady)).toBeUndefined()
  })

  it('shares one listener among all who wait', () => {
    const server = new FakeServer()
    const connections = new FirstConnections(() => [server])
    for (let turn = 0; turn < 20; turn++) void connections.within(100, notReady)?.catch(() => undefined)
    expect(server.listenerCount('ready')).toBe(1)
    expect(server.listenerCount('end')).toBe(1)
  })

  it('has nothing to wait for where servers are there, or gone, already', async () => {
    const [one, other] = [new FakeServer(), new FakeServer()]
    one.status = 'ready'
    other.status = 'end'
    const connections = new FirstConnections(() => [one, other])
    await connections.within(100, notReady)
    expect(connections.within(100, notReady)).toBeUndefined()
  })
})
