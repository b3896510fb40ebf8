import express from 'express'
import { describe, expect, it } from 'vitest'
import { trustOfAppWithWarning } from '../../src/client/proxy-trust-warnings.ts'
import { exchange } from '../request/exchange.ts'
import { emittedBy } from '../support/emitted-warnings.ts'

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
