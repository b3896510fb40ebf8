import { EventEmitter } from 'node:events'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import {
  type ClientEmitter,
  ClientEvents,
  reasonOf,
} from '../../../../src/stores/redis/clients/client-events.ts'
import { emittedBy } from '../../../support/emitted-warnings.ts'

describe('the events of a client', () => {
  let client: EventEmitter
  let events: ClientEvents
  beforeEach(() => {
    client = new EventEmitter()
    events = ClientEvents.of(client as unknown as ClientEmitter)
  })

  it('leave an error unhandled that the application does not handle', () => {
    const error = new Error('connect ECONNREFUSED 127.0.0.1:6379')
    expect(() => client.emit('error', error)).toThrow(error)
    expect(events.notConnected('it connects')).toMatchObject({
      message: 'Redis is not connected: connect ECONNREFUSED 127.0.0.1:6379 (it connects)',
      cause: error,
    })
  })

  it.each<[string, unknown[]]>([
    ['node error', [new Error('refused'), '127.0.0.1:7001']],
    ['node-error', [new Error('refused'), {}]],
    ['client-error', [{ type: 'MASTER', error: new Error('refused') }]],
  ])('are also those of single servers: %s', (event, values) => {
    client.emit(event, ...values)
    expect(events.notConnected('it connects').message).toBe('Redis is not connected: refused (it connects)')
  })

  it('forget the last error when the client is ready', () => {
    client.on('error', () => undefined)
    client.emit('error', new Error('down'))
    expect(events.wasReady).toBe(false)
    client.emit('ready')
    expect(events.wasReady).toBe(true)
    expect(events.notConnected('it connects').message).toBe('Redis is not connected: it connects')
  })

  it('are shared by all stores of a client, so that Node warns of no leak', async () => {
    const warned = vi.fn()
    process.on('warning', warned)
    const listeners = Array.from({ length: 30 }, () => vi.fn())
    const ends = listeners.map((listener) =>
      ClientEvents.of(client as unknown as ClientEmitter).onReady(listener),
    )
    await emittedBy(() => client.emit('ready'))
    process.off('warning', warned)
    expect(warned).not.toHaveBeenCalled()
    for (const end of ends) end()
    client.emit('ready')
    for (const listener of listeners) expect(listener).toHaveBeenCalledOnce()
  })
})

describe('reasonOf', () => {
  const refused = (address: string): Error => new Error(`connect ECONNREFUSED ${address}:1`)

  it.each<[string, unknown, string]>([
    ['an error', refused('127.0.0.1'), 'connect ECONNREFUSED 127.0.0.1:1'],
    [
      'a host with several addresses',
      new AggregateError([refused('::1'), refused('127.0.0.1')]),
      'connect ECONNREFUSED ::1:1, connect ECONNREFUSED 127.0.0.1:1',
    ],
    ['an error with a code only', Object.assign(new Error(), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    [
      'a cluster whose servers failed',
      Object.assign(new Error('Failed to refresh slots cache.'), { lastNodeError: refused('127.0.0.1') }),
      'connect ECONNREFUSED 127.0.0.1:1',
    ],
    ['a value that is no error', 'gone', 'gone'],
    ['nothing', undefined, 'undefined'],
  ])('is the text of %s', (_, error, text) => {
    expect(reasonOf(error)).toBe(text)
  })
})
