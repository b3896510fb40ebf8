import express from 'express'
import { describe, expect, it } from 'vitest'
import { parseAddress } from '../../src/client/address.ts'
import { trustOfAppWithWarning, warnOfIgnoredHeader } from '../../src/client/proxy-trust-warnings.ts'
import { exchange } from '../request/exchange.ts'
import { emittedBy } from '../support/emitted-warnings.ts'

describe('a header whose sender is not trusted', () => {
  it.each([
    [
      '10.0.0.5',
      'a private address that trustProxy does not trust. If it is your proxy, set trustProxy: 1 (or the number of proxies).',
    ],
    [
      '192.0.2.1',
      'a public address that trustProxy does not trust. If it is your proxy, set trustProxy to its address or CIDR.',
    ],
  ])('causes one warning, with a remedy for %s and without that address', async (address, remedy) => {
    const peer = parseAddress(address)
    if (peer === undefined) throw new Error(`${address} is not an address`)
    const onIgnoredHeader = warnOfIgnoredHeader('api', 'x-forwarded-for')
    const warnings = await emittedBy(() => {
      onIgnoredHeader(peer)
      onIgnoredHeader(peer)
    })
    expect(warnings).toEqual([
      {
        code: 'TOLLGATE_UNTRUSTED_FORWARDED_HEADER',
        message: `The limiter 'api' ignored x-forwarded-for from ${remedy}`,
      },
    ])
    expect(warnings[0]?.message).not.toContain(address)
  })
})

describe('an app that trusts every proxy', () => {
  const warningsFor = async (setting: unknown): Promise<unknown> => {
    const app = express().set('trust proxy', setting)
    const trustFor = trustOfAppWithWarning('api')
    return emittedBy(() => {
      for (const _ of [1, 2]) trustFor(Object.assign(exchange().req, { app }))
    })
  }

  it('causes one warning', async () => {
    expect(await warningsFor(true)).toEqual([
      {
        code: 'TOLLGATE_PERMISSIVE_TRUST_PROXY',
        message:
          "The app's 'trust proxy' is true, so clients of the limiter 'api' can choose their own addresses. Set it to the number of proxies, or set trustProxy.",
      },
    ])
  })

  it.each([false, 1, 'loopback'])('causes no warning with the setting %o', async (setting) => {
    expect(await warningsFor(setting)).toEqual([])
  })
})
