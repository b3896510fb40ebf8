import type { IncomingMessage, ServerResponse } from 'node:http'
import { expect, it } from 'vitest'
import type { RateLimiterErrorCode } from '../../src/errors/rate-limiter-error.ts'
import type { RateLimiterOptions } from '../../src/options/rate-limiter-options.ts'
import { parseSettings, type Settings } from '../../src/options/settings.ts'
import { thrownBy } from './thrown-by.ts'

/** Parses options as JavaScript would give them, without the compiler's protection. */
export function parse(options: unknown): Settings<IncomingMessage, ServerResponse> {
  return parseSettings(options as RateLimiterOptions)
}

/** The options, the option that the error names, and the error's message without that name. */
export type Rejection = readonly [options: unknown, option: string | undefined, message: string]

/** One test for each row: the options are refused with exactly this error. */
export function rejects(code: RateLimiterErrorCode, rows: readonly Rejection[]): void {
  it.each(rows)('refuses %o', (options, option, message) => {
    const error = thrownBy(() => parse(options))
    expect(error.message).toBe(option === undefined ? message : `${option}: ${message}`)
    expect(error).toMatchObject({ code, option })
  })
}
