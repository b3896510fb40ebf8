import { describe, expect, it, onTestFinished } from 'vitest'
import type { AnsweredRequest } from '../../../src/request/request-context.ts'
import { WaitingLines } from '../../../src/tools/concurrency/waiting-lines.ts'

const refused = {
  answer: { allowed: false, retryAfterMs: 1000, limits: [] },
  policyCharge: { policy: { refusesAll: false } },
} as unknown as AnsweredRequest

describe('a line of waiting requests', () => {
  it('ignores the error of a store for a request that hung up while the store was asked', async () => {
    const unhandled: unknown[] = []
    const note = (error: unknown): void => void unhandled.push(error)
    const others = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', note)
    onTestFinished(() => {
      process.off('unhandledRejection', note)
      for (const other of others) process.on('unhandledRejection', other)
    })
    const lines = new WaitingLines({ size: 1, timeoutMs: 60_000 })
    let asked = 0
    let fail = (_error: Error): void => undefined
    const ask = (): AnsweredRequest | Promise<AnsweredRequest> => {
      asked++
      if (asked === 1) return refused
      return new Promise((_resolve, reject) => {
        fail = reject
      })
    }
    let hangUp = (): void => undefined
    const onHangUp = (hungUp: () => void): (() => void) => {
      hangUp = hungUp
      return () => undefined
    }
    const answered = lines.take({ key: 'client', ask, onHangUp })
    lines.placeFreed('client')
    expect(asked).toBe(2)
    hangUp()
    expect(await answered).toBe(refused)
    fail(new Error('the store was closed'))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(unhandled).toEqual([])
    expect(lines.waiting).toBe(0)
  })
})
