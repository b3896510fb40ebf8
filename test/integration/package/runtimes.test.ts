import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { binaryOf, nodeBinary, pack, run } from './projects.ts'

const PROGRAM = fileURLToPath(new URL('programs/runtime.mjs', import.meta.url))

const folder = await mkdtemp(join(tmpdir(), 'express-tollgate-runtimes-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

/** How a runtime is found, and the arguments before the program. */
const RUNTIMES: readonly (readonly [name: string, find: () => Promise<string>, args: readonly string[]])[] = [
  ['Node 26', () => nodeBinary(26, folder), []],
  ['Bun', () => binaryOf('bun', 'command -v bun', folder), []],
  ['Deno', () => binaryOf('deno', 'command -v deno', folder), ['run', '--allow-all']],
]

/** An installed package beside Express 5, which the runtimes share. */
async function installPackage(): Promise<void> {
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  await cp(PROGRAM, join(folder, 'runtime.mjs'))
  const options = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts']
  await run('npm', ['install', ...options, await pack(folder), 'express@5'], folder)
}

const installed = installPackage()

/** The path of a runtime; undefined where it cannot be had, with the reason printed. */
async function found([name, find]: (typeof RUNTIMES)[number]): Promise<string | undefined> {
  try {
    return await find()
  } catch (error) {
    console.warn(`skipped: the tests on ${name}, because its npm package cannot be installed: ${error}`)
    return undefined
  }
}

const binaries = await Promise.all(RUNTIMES.map(found))

const served = (remaining: number): unknown => [200, String(remaining), false, `{"remaining":${remaining}}`]
const refused = [429, '0', true, '{"error":"rate_limit_exceeded"}']

/** Three requests of one client, of which the limit allows two. */
const twoOfThree = [200, 200, 429]

describe.each(RUNTIMES.map(([name, , args], index) => [name, binaries[index], args] as const))(
  'on %s',
  (runtime, binary, args) => {
    it.skipIf(binary === undefined)('every feature works as on Node', async () => {
      await installed
      const output = await run(binary ?? '', [...args, 'runtime.mjs'], folder)
      expect(JSON.parse(output)).toEqual({
        runtime,
        memory: [served(1), served(0), refused],
        promises: [served(1), served(0), refused],
        proxies: twoOfThree,
        unixSocket: twoOfThree,
        guard: twoOfThree,
        guardOfUpgrades: [101, 101, 429],
        http2: twoOfThree,
        events: ['allowed', 'near', 'limited'],
        metrics: [1, 1, 1],
        warnings: ['TOLLGATE_NAME_SHARED', 'TOLLGATE_CREATED_IN_REQUEST'],
        audit: 'limited',
      })
    })
  },
)
