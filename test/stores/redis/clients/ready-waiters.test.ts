import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Readiness } from '../../../../src/stores/redis/clients/readiness.ts'

const notReady = (): Error => new Error('not ready')

describe('waiting for a client', () => {
  let client: EventEmitter
  let readiness: Readiness
  beforeEach(() => {
    vi.useFakeTimers()
    client = new EventEmitter()
    readiness = new Readiness(client)
  })
  afterEach(() => void vi.useRealTimers())

  it('ends when it is ready, and leaves neither timer nor listener', async () => {
    const waited = readiness.within(100, notReady)
    expect(client.listenerCount('ready')).toBe(1)
    client.emit('ready')
    await expect(waited).resolves.toBeUndefined()
    expect(vi.getTimerCount()).toBe(0)
    expect(client.listenerCount('ready')).toBe(0)
  })

  it('ends in an error when time is up, not before, and leaves neither timer nor listener', async () => {
    const settled = vi.fn()
    readiness.within(100, notReady).then(settled, settled)
    await vi.advanceTimersByTimeAsync(99)
    expect(settled).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(settled).toHaveBeenCalledExactlyOnceWith(new Error('not ready'))
    expect(vi.getTimerCount()).toBe(0)
    expect(client.listenerCount('ready')).toBe(0)
  })

  it('says how things stand when time is up, not when it began', async () => {
    let status = 'connecting'
    const waited = readiness.within(100, () => new Error(status))
    const rejected = expect(waited).rejects.toThrow('reconnecting')
    status = 'reconnecting'
    await vi.advanceTimersByTimeAsync(100)
    await rejected
  })

  it('shares one listener among all who wait, and ends for all of them', async () => {
    const all = Array.from({ length: 100 }, () => readiness.within(100, notReady))
    expect(client.listenerCount('ready')).toBe(1)
    client.emit('ready')
    await Promise.all(all)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('goes on for those who have time left', async () => {
    const hasty = expect(readiness.within(50, notReady)).rejects.toThrow('not ready')
    const patient = readiness.within(100, notReady)
    await vi.advanceTimersByTimeAsync(50)
    await hasty
    client.emit('ready')
    await expect(patient).resolves.toBeUndefined()
  })

  it('begins anew after each end', async () => {
    for (const _ of [1, 2]) {
      const waited = readiness.within(100, notReady)
      client.emit('ready')
      await expect(waited).resolves.toBeUndefined()
      const rejected = expect(readiness.within(100, notReady)).rejects.toThrow('not ready')
      await vi.advanceTimersByTimeAsync(100)
      await rejected
    }
  })
})
