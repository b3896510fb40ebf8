import { describe, expect, it, vi } from 'vitest'
import type { RefundSettings } from '../../src/options/refund-options.ts'
import { refundWhenFinished } from '../../src/request/refund-on-response.ts'
import { emittedBy } from '../support/emitted-warnings.ts'
import { settingsOf } from '../support/parsed-settings.ts'
import { exchange } from './exchange.ts'

/** A response before its end. `refunds` counts how often the charge was given back. */
function charged(options: object): ReturnType<typeof exchange> & { refunds: () => number } {
  const { req, res } = exchange()
  const refund = vi.fn()
  const compiled = settingsOf(options).refund as RefundSettings<unknown, unknown>
  refundWhenFinished(req, res, compiled, refund)
  return { req, res, refunds: () => refund.mock.calls.length }
}

const skipFailed = { skipFailedRequests: true }

describe('a charge', () => {
  it.each([
    [skipFailed, 200, 0],
    [skipFailed, 399, 0],
    [skipFailed, 400, 1],
    [skipFailed, 500, 1],
    [{ skipSuccessfulRequests: true }, 200, 1],
    [{ skipSuccessfulRequests: true }, 404, 0],
  ])('under %o is given back for status %d: %d times', (options, status, times) => {
    const { res, refunds } = charged(options)
    expect(refunds()).toBe(0)
    res.statusCode = status
    res.emit('finish')
    expect(refunds()).toBe(times)
  })

  // Threat 13: once, however many of finish, close and error fire.
  it.each([
    [['finish', 'close'], 1],
    [['finish', 'finish', 'close', 'close'], 1],
    [['finish', 'error', 'close'], 1],
    [['close', 'finish'], 0],
    [['error', 'close'], 0],
    [['close'], 0],
    [['error'], 0],
  ])('of a response that emits %o is given back %d times', (events, times) => {
    const { res, refunds } = charged(skipFailed)
    res.on('error', () => undefined)
    res.statusCode = 500
    for (const event of events) res.emit(event, new Error('socket hang up'))
    expect(refunds()).toBe(times)
  })

  it('of a client that closed its connection stays, though the response finished', () => {
    const { req, res, refunds } = charged(skipFailed)
    res.statusCode = 500
    req.socket.destroy()
    res.emit('finish')
    expect(refunds()).toBe(0)
  })

  it('is given back as requestWasSuccessful decides, sync or async', async () => {
    for (const [answer, times] of [
      [false, 1],
      [true, 0],
    ] as const) {
      const direct = charged({ ...skipFailed, requestWasSuccessful: () => answer })
      direct.res.emit('finish')
      expect(direct.refunds()).toBe(times)
      const promised = charged({ ...skipFailed, requestWasSuccessful: async () => answer })
      promised.res.emit('finish')
      promised.res.emit('close')
      expect(promised.refunds()).toBe(0)
      await new Promise((resolve) => setImmediate(resolve))
      expect(promised.refunds()).toBe(times)
    }
  })

  it.each([undefined, null, 0, '', 'no', {}])(
    'stays where requestWasSuccessful returns no boolean: %o',
    (answer) => {
      for (const kind of [skipFailed, { skipSuccessfulRequests: true }]) {
        const { res, refunds } = charged({ ...kind, requestWasSuccessful: () => answer })
        res.emit('finish')
        expect(refunds()).toBe(0)
      }
    },
  )

  it.each([
    ['throws', new Error('no body'), 'no body'],
    ['throws text', 'oops', 'oops'],
  ])('stays where requestWasSuccessful %s, with a warning', async (_what, thrown, shown) => {
    const fail = (): never => {
      throw thrown
    }
    for (const requestWasSuccessful of [fail, async () => fail()]) {
      const { res, refunds } = charged({ ...skipFailed, requestWasSuccessful })
      const warnings = await emittedBy(async () => {
        res.emit('finish')
        await new Promise((resolve) => setImmediate(resolve))
      })
      expect(warnings).toEqual([
        {
          code: 'TOLLGATE_REFUND_FAILED',
          message: `requestWasSuccessful failed, and the charge stays: ${shown}`,
        },
      ])
      expect(refunds()).toBe(0)
    }
  })
})
