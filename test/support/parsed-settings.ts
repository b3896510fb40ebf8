import type { IncomingMessage, ServerResponse } from 'node:http'
import { expect, it } from 'vitest'
import type { RateLimiterErrorCode } from '../../src/errors/rate-limiter-error.ts'
import type { Policies } from '../../src/limits/policy.ts'
import type { RateLimiterOptions } from '../../src/options/rate-limiter-options.ts'
import { parseSettings, type Settings } from '../../src/options/settings.ts'
import { thrownBy } from './thrown-by.ts'

/** The settings of options that JavaScript could give, without the checks of the compiler. */
export function settingsOf(options: unknown): Settings<IncomingMessage, ServerResponse> {
  return parseSettings(options as RateLimiterOptions<IncomingMessage, ServerResponse>)
}

/** The policies of a limiter with these options and without plans. */
export function policiesOf(options: unknown): Policies<IncomingMessage, ServerResponse> {
  const [plan] = settingsOf(options).plans
  if (plan === undefined) throw new Error('a limiter has at least one plan')
  return plan.policies
}

/** The options, the option that the error names, and the message of the error without that name. */
export type RejectedOptions = readonly [options: unknown, option: string | undefined, message: string]

/** Declares one test for each row: the options are rejected with exactly this error. */
export function testRejections(code: RateLimiterErrorCode, rows: readonly RejectedOptions[]): void {
  it.each(rows)('rejects %o', (options, option, message) => {
    const error = thrownBy(() => settingsOf(options))
    expect(error.message).toBe(option === undefined ? message : `${option}: ${message}`)
    expect(error).toMatchObject({ code, option })
  })
}
