import { AsyncLocalStorage } from 'node:async_hooks'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { EventStreams } from '../../../src/tools/dashboard/event-streams.ts'

afterEach(() => void vi.restoreAllMocks())

// Threat 41.
describe('the timer of the streams', () => {
  it.each([5, undefined])(
    'sees no value of the request that opened the first stream, and may be %s',
    (timer) => {
      const storage = new AsyncLocalStorage<string>()
      const seen: unknown[] = []
      vi.spyOn(globalThis, 'setInterval').mockImplementation(() => {
        seen.push(storage.getStore())
        return timer as never
      })
      const clear = vi.spyOn(globalThis, 'clearTimeout')
      const streams = new EventStreams(() => 'message')
      const open = (): void => streams.open(new ServerResponse(new IncomingMessage(new Socket())))
      storage.run('request', open)
      storage.run('other request', open)
      expect(seen).toEqual([undefined])
      streams.close()
      expect(clear).toHaveBeenCalledExactlyOnceWith(timer)
    },
  )
})
