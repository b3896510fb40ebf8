import { describe, expect, it } from 'vitest'
import { settingsOf, testRejections } from '../support/parsed-settings.ts'
import { thrownBy } from '../support/thrown-by.ts'

const KNOWN =
  'limit, read, write, plans, plan, preflight, windowSec, ttlSec, trustProxy, clientIpHeader, ipv6Subnet, allowList, denyList, ban, store, name, classify, keyGenerator, cost, settles, unit, skip, legacyHeaders, resetFormat, standardHeaders, exposeHeaders, statusCode, message, handler, problemDetails, skipSuccessfulRequests, skipFailedRequests, requestWasSuccessful, onStoreError, storeDeadlineMs, fallbackShare, logger, mode, requestPropertyName, clock'

describe('an unknown option', () => {
  it.each([
    ['limits', 'limit'],
    ['palns', 'plans'],
    ['preflights', 'preflight'],
    ['exposedHeaders', 'exposeHeaders'],
    ['reads', 'read'],
    ['raed', 'read'],
    ['wirte', 'write'],
    ['windowsec', 'windowSec'],
    ['windowSecs', 'windowSec'],
    ['trustproxy', 'trustProxy'],
    ['ipv6subnet', 'ipv6Subnet'],
    ['standartHeaders', 'standardHeaders'],
    ['skipFailedRequest', 'skipFailedRequests'],
    ['onStoreErorr', 'onStoreError'],
    ['allowlist', 'allowList'],
    ['denylist', 'denyList'],
    ['denyLists', 'denyList'],
    ['bann', 'ban'],
  ])('%s is rejected with the suggestion %s', (name, nearest) => {
    const error = thrownBy(() => settingsOf({ [name]: 5 }))
    expect(error).toMatchObject({ code: 'unknown_option', option: name, value: 5, nearest })
    expect(error.message).toBe(
      `${name}: is not an option, got 5. Did you mean '${nearest}'? Write ${nearest}, or leave it out.`,
    )
  })

  it('is rejected without a suggestion if no name is near', () => {
    const error = thrownBy(() => settingsOf({ colour: false }))
    expect(error.nearest).toBeUndefined()
    expect(error.message).toBe(`colour: is not an option, got false. The options are ${KNOWN}.`)
  })

  it('is rejected even if its value is undefined', () => {
    expect(thrownBy(() => settingsOf({ windowMs: undefined })).message).toBe(
      "windowMs: is an option of express-rate-limit, got undefined. Did you mean 'windowSec'? Write windowSec, in seconds.",
    )
  })

  it('is rejected next to options that exist', () => {
    expect(thrownBy(() => settingsOf({ read: 5, constructor: 5 })).message).toBe(
      `constructor: is not an option, got 5. The options are ${KNOWN}.`,
    )
  })
})

describe('options that are not an object', () => {
  const message = (shown: string): string =>
    `createRateLimiter takes an object of options, got ${shown}. Give an object such as { limit: 100, windowSec: 60 }.`
  testRejections('invalid_option', [
    [null, undefined, message('null')],
    [100, undefined, message('100')],
    ['100', undefined, message("'100'")],
    [[100, 60], undefined, message('[100,60]')],
    [() => 1, undefined, message('a function')],
  ])
})
