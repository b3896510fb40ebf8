import { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createRateLimiter } from '../../../src/index.ts'
import { emittedBy } from '../../support/emitted-warnings.ts'
import { requestFrom } from '../../support/http/explained-request.ts'
import { codeBlocksOf } from './code-blocks.ts'

/** The text blocks of a page. */
const textsOf = (page: string): string[] =>
  codeBlocksOf(new URL(`../../../docs/${page}.md`, import.meta.url))
    .filter(({ language }) => language === 'text')
    .map(({ code }) => code.trim())

/** The warnings of a limiter without options that gets a request. */
function warningsFor(request: IncomingMessage): Promise<readonly { code?: string; message: string }[]> {
  return emittedBy(() =>
    createRateLimiter({ limit: 1 })(request, new ServerResponse(request), () => undefined),
  )
}

describe('the warnings that pages quote are those of the limiter', () => {
  it('docs/proxies.md: a proxy that is not trusted', async () => {
    const [warning] = await warningsFor(requestFrom('127.0.0.1', { 'x-forwarded-for': '203.0.113.7' }))
    expect(textsOf('proxies')).toContain(warning?.message)
  })

  it('docs/serverless.md: a request of an adapter', async () => {
    const [warning] = await warningsFor(new IncomingMessage({} as Socket))
    expect(textsOf('serverless')).toContain(`${warning?.code}: ${warning?.message}`)
  })
})
