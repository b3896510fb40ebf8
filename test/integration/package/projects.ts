import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
/** The folder of the programs that projects consist of. */
export const PROGRAMS: string = fileURLToPath(new URL('programs/', import.meta.url))
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc')

/** A project of somebody who uses the package. */
export interface Project {
  readonly name: string
  readonly type: 'module' | 'commonjs'
  /** The program in `programs/` that it consists of. */
  readonly source: string
  /** What runs, after the compiler where there is one. */
  readonly main: string
  /** Settings of the compiler, beside `strict`; none for JavaScript. */
  readonly compilerOptions?: Readonly<Record<string, unknown>>
}

export const PROJECTS: readonly Project[] = [
  { name: 'js-esm', type: 'module', source: 'module.mjs', main: 'module.mjs' },
  { name: 'js-cjs', type: 'commonjs', source: 'commonjs.cjs', main: 'commonjs.cjs' },
  {
    name: 'ts-nodenext',
    type: 'module',
    source: 'typescript.ts',
    main: 'out/typescript.js',
    compilerOptions: { module: 'nodenext', target: 'es2022', verbatimModuleSyntax: true },
  },
  {
    name: 'ts-commonjs',
    type: 'commonjs',
    source: 'typescript.ts',
    main: 'out/typescript.js',
    compilerOptions: { module: 'commonjs', target: 'es2022', esModuleInterop: true },
  },
  {
    name: 'ts-bundler',
    type: 'module',
    source: 'typescript.ts',
    main: 'out/typescript.js',
    compilerOptions: { module: 'esnext', moduleResolution: 'bundler', target: 'es2022' },
  },
]

/** What every project with a compiler compiles too, and never runs. */
const USUAL_LINES = 'usual-lines.ts'

/** The Express of a set of projects, with the types that go with it. */
export interface ExpressVersion {
  /** Folder in node_modules that has it, so that the projects get the version that the other tests run on. */
  readonly installedAs: string
  readonly types: string
}

/** Runs a program to its end, and gives what it printed. */
export async function run(file: string, args: readonly string[], cwd: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(file, [...args], {
      cwd,
      env: plainEnvironment(),
      // A bound for what hangs, and not for what is slow.
      timeout: 300_000,
    })
    return stdout
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Error(`${file} ${args.join(' ')} failed in ${cwd}\n${stdout}${stderr}`, { cause: error })
  }
}

// What `npm test` and the test runner add to the environment speaks of this project, not of those.
function plainEnvironment(): NodeJS.ProcessEnv {
  const ours =
    /^(?:npm_(?:package|lifecycle|command|config_local_prefix)|INIT_CWD|NODE_(?:ENV|OPTIONS|V8_COVERAGE)|VITEST)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)))
}

/**
 * Packs what `npm publish` would send. The environment variable `TOLLGATE_TARBALL` names a tarball that is tested
 * instead: a release publishes the file that was tested.
 *
 * @returns the path of the tarball
 */
export async function pack(folder: string): Promise<string> {
  const given = process.env.TOLLGATE_TARBALL
  if (given !== undefined && given !== '') return given
  // Without scripts: dist is built already, and others may be reading it.
  const output = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], ROOT)
  const [packed] = JSON.parse(output) as { filename: string }[]
  if (packed === undefined) throw new Error(`npm pack said ${output}`)
  return join(folder, packed.filename)
}

/** Lays out all projects in one folder, as workspaces, and installs what they depend on. */
export async function install(folder: string, tarball: string, express: ExpressVersion): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeJson(join(folder, 'package.json'), {
    private: true,
    workspaces: PROJECTS.map(({ name }) => name),
  })
  const { version } = await readJson(join(ROOT, 'node_modules', express.installedAs, 'package.json'))
  const { devDependencies } = await readJson(join(ROOT, 'package.json'))
  for (const { name, type, source, compilerOptions } of PROJECTS) {
    const project = join(folder, name)
    await mkdir(project)
    await cp(join(PROGRAMS, source), join(project, source))
    await writeJson(join(project, 'package.json'), {
      name,
      version: '1.0.0',
      private: true,
      type,
      dependencies: { express: version, 'express-tollgate': `file:${tarball}` },
      devDependencies: { '@types/express': express.types, '@types/node': devDependencies?.['@types/node'] },
    })
    if (compilerOptions === undefined) continue
    await cp(join(PROGRAMS, USUAL_LINES), join(project, USUAL_LINES))
    await writeJson(join(project, 'tsconfig.json'), {
      compilerOptions: {
        ...compilerOptions,
        outDir: 'out',
        strict: true,
        exactOptionalPropertyTypes: true,
        // Declarations of the package are compiled, too, not taken on trust.
        skipLibCheck: false,
      },
      include: [source, USUAL_LINES],
    })
  }
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'], folder)
}

/** Compiles a project. @returns what the compiler complained about */
export async function compile(folder: string, options: readonly string[] = []): Promise<string> {
  return await run(process.execPath, [TSC, '--project', folder, ...options], folder)
}

/** The path of a Node binary of another version, from the registry. */
export async function nodeBinary(version: number, folder: string): Promise<string> {
  return await binaryOf(`node@${version}`, 'node -p process.execPath', folder)
}

/** The path of the program of a package from the registry, which a command prints. */
export async function binaryOf(packageName: string, print: string, folder: string): Promise<string> {
  return (await run('npx', ['-y', '--prefer-offline', '-p', packageName, '-c', print], folder)).trim()
}

interface Manifest {
  readonly version?: string
  readonly devDependencies?: Readonly<Record<string, string>>
}

async function readJson(path: string): Promise<Manifest> {
  return JSON.parse(await readFile(path, 'utf8')) as Manifest
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, JSON.stringify(value, undefined, 2))
}
