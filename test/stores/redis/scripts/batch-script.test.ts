import { createHash } from 'node:crypto'
import { basename, join } from 'node:path'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import type * as RedisPart from '../../../../src/stores/redis/index.ts'
import { scriptLines } from '../../../../src/stores/redis/scripts/assemble-script.ts'
import { BATCH_SCRIPT, BATCH_SCRIPT_SHA } from '../../../../src/stores/redis/scripts/batch-script.ts'
import tsup from '../../../../tsup.config.ts'
import { filesBelow, ROOT, textOf } from '../../../support/project-files.ts'

const LUA_FILES = filesBelow('src/stores/redis/scripts').filter((path) => path.endsWith('.lua'))

/** The text that a build of the package sends to a Redis that does not know the script. */
async function textSentBy({ RedisStore }: typeof RedisPart): Promise<string> {
  const texts: string[] = []
  const sendCommand = async ([name, text = '']: string[]): Promise<unknown> => {
    if (name === 'EVALSHA') throw new Error('NOSCRIPT No matching script.')
    texts.push(text)
    return [[1]]
  }
  await new RedisStore({ client: { sendCommand }, deadlineMs: 30_000 }).unblock('client')
  return texts.join()
}

describe('the script', () => {
  it('has the digest of its text', () => {
    expect(createHash('sha1').update(BATCH_SCRIPT).digest('hex')).toBe(BATCH_SCRIPT_SHA)
  })

  it('is ASCII, without comments and include lines', () => {
    expect(BATCH_SCRIPT).toMatch(/^[\n -~]+$/)
    expect(BATCH_SCRIPT).not.toMatch(/^\s*--|include/m)
  })

  it('consists of all Lua files, beside the script of the leases', () => {
    const files = ['batch.lua', 'leases.lua'].flatMap((name) =>
      scriptLines(new URL(`../../../../src/stores/redis/scripts/${name}`, import.meta.url)),
    )
    expect(new Set(files.map(({ file }) => basename(file.pathname)))).toEqual(
      new Set(LUA_FILES.map((path) => basename(path))),
    )
  })

  it.each(LUA_FILES)('has files that start with a comment: %s', (path) => {
    expect(textOf(path)).toMatch(/^-- [A-Z]/)
  })

  it('is in the code that the build makes, which reads no file', async () => {
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
    expect(await textSentBy(part)).toBe(BATCH_SCRIPT)
  })
})
