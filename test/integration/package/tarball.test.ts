import { access, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { areTestsFull } from '../../support/full-tests.ts'
import { compile, type ExpressVersion, install, nodeBinary, PROJECTS, pack, run } from './projects.ts'

const EXPRESS: Readonly<Record<string, ExpressVersion>> = {
  'Express 4': { installedAs: 'express4', types: '^4.17.21' },
  'Express 5': { installedAs: 'express', types: '^5.0.6' },
}
/** In the short form the version that most users run. */
const NODE_VERSIONS: readonly number[] = areTestsFull ? [20, 22, 24] : [24]

let folder: string
let tarball: string
const binaries = new Map<number, string>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'express-tollgate-'))
  tarball = await pack(folder)
  const projects = Object.entries(EXPRESS).map(([name, express]) =>
    install(join(folder, name), tarball, express),
  )
  const nodes = NODE_VERSIONS.map(async (version) => binaries.set(version, await nodeBinary(version, folder)))
  await Promise.all([...projects, ...nodes])
}, 240_000)

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

interface Output {
  readonly node: string
  readonly errors: readonly string[]
  readonly responses: readonly unknown[]
  readonly testing: readonly string[]
}

describe('the tarball', () => {
  it('holds the built files, their documents and nothing else', async () => {
    const listed = (await run('tar', ['-tzf', tarball], folder)).trim().split('\n').sort()
    const others = listed.filter((path) => !path.startsWith('package/dist/'))
    expect(others).toEqual(
      ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'].map((name) => `package/${name}`),
    )
    expect(listed).toContain('package/dist/index.d.cts')
  })
})

describe.each(Object.keys(EXPRESS))('installed beside %s', (express) => {
  describe.each(PROJECTS)('in a project of kind $name', ({ name, main, compilerOptions }) => {
    if (compilerOptions !== undefined) {
      it('compiles', async () => {
        expect(await compile(join(folder, express, name))).toBe('')
        await access(join(folder, express, name, main))
      })

      it('compiles without exactOptionalPropertyTypes', async () => {
        const options = ['--exactOptionalPropertyTypes', 'false', '--noEmit']
        expect(await compile(join(folder, express, name), options)).toBe('')
      })
    }

    it.each(NODE_VERSIONS)('limits, audits and offers its test tools on Node %i', async (version) => {
      const node = binaries.get(version) ?? ''
      const output = JSON.parse(await run(node, [main], join(folder, express, name))) as Output
      const served = { status: 200, retryAfter: null, body: '{"served":true}' }
      expect(output.node).toMatch(new RegExp(`^v${version}\\.`))
      expect(output.responses).toEqual([
        served,
        served,
        {
          status: 429,
          retryAfter: expect.stringMatching(/^(?:59|60)$/),
          body: '{"error":"rate_limit_exceeded"}',
        },
      ])
      expect(output.errors).toEqual(['unknown_option', 'unlimited_routes', 'invalid_option'])
      expect(output.testing).toEqual(expect.arrayContaining(['FakeClock', 'FaultyStore']))
    })
  })

  it('compiles in a CommonJS project that resolves as Node does', async () => {
    const options = ['--module', 'nodenext', '--moduleResolution', 'nodenext', '--noEmit']
    expect(await compile(join(folder, express, 'ts-commonjs'), options)).toBe('')
  })
})
