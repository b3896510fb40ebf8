import { describe, expect, it } from 'vitest'
import type { RateLimiterErrorCode, RateLimiterWarningCode } from '../../../src/index.ts'
import { emittedBy } from '../../support/emitted-warnings.ts'
import { textOf } from '../../support/project-files.ts'
import { rejectionOf } from '../../support/thrown-by.ts'
import { ERROR_EXAMPLES } from './error-examples.ts'
import { textsOfUnion } from './interface-members.ts'
import { WARNING_EXAMPLES } from './warning-examples.ts'

const page = textOf('docs/errors.md')
const errorCodes = textsOfUnion('src/errors/rate-limiter-error.ts', 'RateLimiterErrorCode')
const warningCodes = textsOfUnion('src/errors/warning.ts', 'RateLimiterWarningCode')

/** The text of the entry of a code. */
function entryOf(code: string): string {
  const begin = page.indexOf(`\n### ${code}\n`)
  const rest = page.slice(begin + 1)
  return begin === -1 ? '' : rest.slice(0, rest.search(/\n##/))
}

/** The example message of an entry. */
const exampleOf = (code: string): string =>
  /```text\n([\s\S]*?)\n```/.exec(`${entryOf(code)}\n`)?.[1] ?? 'none'

/** A message without what differs from process to process. */
const settled = (message: string, folder: unknown): string =>
  message.replaceAll(String(folder ?? '\0'), '/var/lib/app').replace(/\.\d+-\w+\.tmp/, '.4711-1a2b3c4d.tmp')

describe('docs/errors.md', () => {
  it('has an entry for each code of an error and of a warning, and for no other', () => {
    const entries = [...page.matchAll(/^### (\S+)$/gm)].map(([, code = '']) => code)
    expect(entries.sort()).toEqual([...errorCodes, ...warningCodes].sort())
  })

  it.each([...errorCodes, ...warningCodes])('says what to do: %s', (code) => {
    expect(entryOf(code)).toMatch(/\n\*\*Cause:\*\* \S/)
    expect(entryOf(code)).toMatch(/\n\*\*Remedy:\*\* \S/)
  })

  it.each(Object.keys(ERROR_EXAMPLES) as RateLimiterErrorCode[])(
    'has an example message of the error %s that the code makes',
    async (code) => {
      const error = await rejectionOf(Promise.resolve().then(ERROR_EXAMPLES[code]))
      expect([error.code, error.message]).toEqual([code, exampleOf(code)])
    },
  )

  it.each(Object.keys(WARNING_EXAMPLES) as RateLimiterWarningCode[])(
    'has an example message of the warning %s that the code makes',
    async (code) => {
      let folder: unknown
      const emitted = await emittedBy(async () => {
        folder = await WARNING_EXAMPLES[code]()
        // A warning can come after the response that it is about.
        await new Promise((resolve) => setImmediate(resolve))
      })
      const messages = emitted.filter((warning) => warning.code === code).map(({ message }) => message)
      expect(messages.map((message) => settled(message, folder))).toEqual([exampleOf(code)])
    },
  )
})
