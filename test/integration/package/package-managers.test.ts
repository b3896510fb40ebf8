import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { PROGRAMS, pack, run } from './projects.ts'

/** A command with arguments that come before all others. */
type Command = readonly [file: string, ...args: string[]]

interface PackageManager {
  readonly install: Command
  /** Runs a program of a package that is installed, or Node, as the package manager's users do. */
  readonly execute: Command
}

const npx = (packageName: string, program: string): Command => [
  ...(['npx', '-y', '--prefer-offline', '-p', packageName, program] as const),
]
const pnpm = npx('pnpm@10', 'pnpm')
const yarn = npx('@yarnpkg/cli-dist@4', 'yarn')

const MANAGERS: Readonly<Record<string, PackageManager>> = {
  npm: {
    install: ['npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'],
    execute: ['npx', '--no-install'],
  },
  pnpm: {
    install: [...pnpm, 'install', '--prefer-offline', '--ignore-scripts', '--no-frozen-lockfile'],
    execute: [...pnpm, 'exec'],
  },
  // Under Plug'n'Play a package finds only what it declares.
  'Yarn PnP': { install: [...yarn, 'install'], execute: yarn },
}

const folder = await mkdtemp(join(tmpdir(), 'express-tollgate-managers-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

const tarball = await pack(folder)
const registry = (await run('npm', ['config', 'get', 'registry'], folder)).trim()

/** Yarn reads no settings of npm. A file of its own keeps it from looking for a project in the folders above. */
const YARN_SETTINGS = [
  'nodeLinker: pnp',
  'enableGlobalCache: false',
  'enableImmutableInstalls: false',
  'enableTelemetry: false',
  `npmRegistryServer: "${registry}"`,
  `unsafeHttpWhitelist: ["${new URL(registry).hostname}"]`,
]

/** Lays out a project that compiles one program, and installs what it depends on. */
async function install(
  project: string,
  manager: PackageManager,
  program: string,
  { typesOfExpress }: { readonly typesOfExpress: boolean },
): Promise<void> {
  await mkdir(project, { recursive: true })
  const types = typesOfExpress ? { '@types/express': '^5.0.6' } : {}
  const manifest = {
    ...{ name: 'project', private: true, type: 'module' },
    dependencies: { express: '^5', 'express-tollgate': `file:${tarball}` },
    devDependencies: { ...types, '@types/node': '^20', typescript: '~5.9' },
  }
  const compilerOptions = {
    ...{ module: 'nodenext', target: 'es2022', types: ['node'], noEmit: true },
    ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: !typesOfExpress },
  }
  await writeFile(join(project, 'package.json'), JSON.stringify(manifest))
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: [program] }))
  await writeFile(join(project, '.yarnrc.yml'), YARN_SETTINGS.join('\n'))
  await writeFile(join(project, 'yarn.lock'), '')
  for (const name of [program, 'module.mjs']) await cp(join(PROGRAMS, name), join(project, name))
  await runIn(project, manager.install)
}

async function runIn(
  project: string,
  [file, ...first]: Command,
  ...args: readonly string[]
): Promise<string> {
  return await run(file, [...first, ...args], project)
}

describe.each(Object.entries(MANAGERS))('installed by %s', (name, manager) => {
  it('has the types of Express where the project has them, and runs', async () => {
    const project = join(folder, name, 'typed')
    await install(project, manager, 'usual-lines.ts', { typesOfExpress: true })
    expect(await runIn(project, manager.execute, 'tsc', '--project', '.')).toBe('')
    const output = JSON.parse(await runIn(project, manager.execute, 'node', 'module.mjs'))
    expect(output.responses.map(({ status }: { status: number }) => status)).toEqual([200, 200, 429])
  })

  it('compiles without the types of Express', async () => {
    const project = join(folder, name, 'untyped')
    await install(project, manager, 'without-express-types.ts', { typesOfExpress: false })
    expect(await runIn(project, manager.execute, 'tsc', '--project', '.')).toBe('')
  })
})
