import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import type * as RedisPart from '../../../../src/stores/redis/index.ts'
import {
  blockScript,
  decideScript,
  settleScript,
  unblockScript,
} from '../../../../src/stores/redis/scripts/redis-scripts.ts'
import tsup from '../../../../tsup.config.ts'
import { chargeOf } from '../../../support/charges.ts'
import { filesBelow, ROOT, textOf } from '../../../support/project-files.ts'

const SCRIPTS = { decideScript, settleScript, blockScript, unblockScript }
const LUA_FILES = filesBelow('src/stores/redis/scripts').filter((path) => path.endsWith('.lua'))

/** The texts that a build of the package sends to a Redis that does not know the scripts. */
async function textsSentBy({ RedisStore }: typeof RedisPart): Promise<string[]> {
  const texts: string[] = []
  const sendCommand = async ([name, text = '']: string[]): Promise<unknown> => {
    if (name === 'EVALSHA') throw new Error('NOSCRIPT No matching script.')
    texts.push(text)
    return [1, 0, 0, -1, 0, 2, 60_000, 7, 0, 0]
  }
  const store = new RedisStore({ client: { sendCommand }, deadlineMs: 30_000 })
  const { receipt = {} } = await store.consume(chargeOf('client'))
  await store.settle(receipt, 0)
  await store.block('client', 5000)
  await store.unblock('client')
  return texts
}

describe('the scripts', () => {
  it.each(Object.entries(SCRIPTS))('have the digest of their text: %s', (_, { source, sha }) => {
    expect(createHash('sha1').update(source).digest('hex')).toBe(sha)
  })

  it.each(Object.entries(SCRIPTS))('are ASCII, without comments and include lines: %s', (_, { source }) => {
    expect(source).toMatch(/^[\n -~]+$/)
    expect(source).not.toMatch(/^\s*--|include/m)
  })

  it.each(LUA_FILES)('start with a comment: %s', (path) => {
    expect(textOf(path)).toMatch(/^-- [A-Z]/)
  })

  it('are in the code that the build makes, which reads no file', async () => {
    const { esbuildPlugins } = tsup
    if (esbuildPlugins === undefined) throw new Error('the build has no plugins')
    const { outputFiles } = await build({
      entryPoints: [join(ROOT, 'src/stores/redis/index.ts')],
      plugins: esbuildPlugins,
      bundle: true,
      treeShaking: true,
      write: false,
      format: 'esm',
      platform: 'node',
    })
    const code = outputFiles[0]?.text ?? ''
    expect(code).not.toMatch(/readFileSync|\.lua\b/)
    const part = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as typeof RedisPart
    expect(await textsSentBy(part)).toEqual(Object.values(SCRIPTS).map(({ source }) => source))
  })
})
