import express from 'express'
import { describe, expect, it } from 'vitest'
import { parseAddress } from '../../src/client/address.ts'
import { trustOfAppWithWarning, warnOfIgnoredHeader } from '../../src/client/trust-warnings.ts'
import { exchange } from '../request/exchange.ts'
import { emittedBy } from '../support/emitted-warnings.ts'

describe('a header that was not believed', () => {
  it.each([
    [
      '10.0.0.5',
      'a private address that trustProxy does not trust. If it is your proxy, set trustProxy: 1 (or the number of proxies).',
    ],
    [
      '192.0.2.1',
      'a public address that trustProxy does not trust. If it is your proxy, set trustProxy to its address or CIDR.',
    ],
  ])('is warned of once, with advice for %s and without that address', async (address, advice) => {
    const peer = parseAddress(address)
    if (peer === undefined) throw new Error('no address')
    const tell = warnOfIgnoredHeader('api', 'x-forwarded-for')
    const warnings = await emittedBy(() => {
      tell(peer)
      tell(peer)
    })
    expect(warnings).toEqual([
      {
        code: 'TOLLGATE_UNTRUSTED_FORWARDED_HEADER',
        message: `The limiter 'api' ignored x-forwarded-for from ${advice}`,
      },
    ])
    expect(warnings[0]?.message).not.toContain(address)
  })
})

describe('an app that believes everybody', () => {
  const ask = async (setting: unknown): Promise<unknown> => {
    const app = express().set('trust proxy', setting)
    const trustFor = trustOfAppWithWarning('api')
    return emittedBy(() => {
      for (const _ of [1, 2]) trustFor(Object.assign(exchange().req, { app }))
    })
  }

  it('is warned of once', async () => {
    expect(await ask(true)).toEqual([
      {
        code: 'TOLLGATE_PERMISSIVE_TRUST_PROXY',
        message:
          "The app's 'trust proxy' is true, so that clients of the limiter 'api' choose their own addresses. Set it to the number of proxies, or set trustProxy.",
      },
    ])
  })

  it.each([false, 1, 'loopback'])('is none with trust proxy %o', async (setting) => {
    expect(await ask(setting)).toEqual([])
  })
})
