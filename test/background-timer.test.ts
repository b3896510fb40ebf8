import { AsyncLocalStorage } from 'node:async_hooks'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { startInBackground } from '../src/background-timer.ts'

afterEach(() => void vi.restoreAllMocks())

// Threat 41.
describe('a timer in the background', () => {
  const storage = new AsyncLocalStorage<string>()

  it.each([
    ['setTimeout', (callback: () => void) => setTimeout(callback, 1)],
    ['setInterval', (callback: () => void) => setInterval(callback, 1)],
  ])('sees no value of the request that started it: %s', async (_, start) => {
    const seen = await new Promise((resolve) => {
      storage.run('request', () => {
        expect(storage.getStore()).toBe('request')
        const end = startInBackground(() =>
          start(() => {
            end()
            resolve([storage.getStore()])
          }).ref(),
        )
      })
    })
    expect(seen).toEqual([undefined])
  })

  it('does not keep the process alive, and can be ended', () => {
    const clear = vi.spyOn(globalThis, 'clearTimeout')
    const timers: NodeJS.Timeout[] = []
    const end = startInBackground(() => {
      const timer = setTimeout(() => undefined, 60_000)
      timers.push(timer)
      return timer
    })
    expect(timers.map((timer) => timer.hasRef())).toEqual([false])
    end()
    expect(clear).toHaveBeenCalledExactlyOnceWith(timers[0])
  })

  it.each([
    ['a number, as in jsdom and Electron', 5],
    ['an object without unref', { id: 5 }],
    ['undefined, as of a function without an implementation', undefined],
    ['null', null],
  ])('may be %s', (_, timer) => {
    vi.spyOn(globalThis, 'setTimeout').mockReturnValue(timer as never)
    const clear = vi.spyOn(globalThis, 'clearTimeout').mockReturnValue(undefined)
    startInBackground(() => setTimeout(() => undefined, 1))()
    expect(clear).toHaveBeenCalledExactlyOnceWith(timer)
  })
})
