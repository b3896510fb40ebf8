import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { transformSync } from 'esbuild'
import type { Options } from 'tsup'
import { assembleScript } from './src/stores/redis/scripts/assemble-script.ts'

type EsbuildPlugin = NonNullable<Options['esbuildPlugins']>[number]

/** One entry point for each subpath in package.json's "exports"; a test holds the two lists together. */
export const library = {
  index: 'src/index.ts',
  audit: 'src/tools/audit/index.ts',
  concurrency: 'src/tools/concurrency/index.ts',
  dashboard: 'src/tools/dashboard/index.ts',
  'express-rate-limit-store': 'src/stores/express-rate-limit/index.ts',
  metrics: 'src/tools/metrics/index.ts',
  openapi: 'src/tools/openapi/index.ts',
  persistence: 'src/stores/memory/persistence/index.ts',
  redis: 'src/stores/redis/index.ts',
  testing: 'src/tools/testing/index.ts',
}

/** One for each name in its "bin". Nobody imports a program: it needs neither types nor a CommonJS twin. */
const programs = { cli: 'src/tools/cli/main.ts' }

/** How a source names a script. The path is a literal, relative to the source. */
const ASSEMBLE_CALL = /assembleScript\(new URL\('(\.[^']*)', import\.meta\.url\)\)/g

/**
 * The text of a source in which each call of `assembleScript` is replaced by its result.
 *
 * @param url the URL of the source
 * @throws Error if the source calls it in another form
 */
export function withLuaScriptsInlined(source: string, url: URL): string {
  const inlined = source.replace(ASSEMBLE_CALL, (_call, path: string) =>
    JSON.stringify(assembleScript(new URL(path, url))),
  )
  if (inlined.includes('assembleScript(')) {
    throw new Error(
      `${url.pathname}: write assembleScript(new URL('./name.lua', import.meta.url)) on one line.`,
    )
  }
  return inlined
}

/** How a source reads a text file. The path is a literal, relative to the source. */
const READ_CALL = /readFileSync\(\s*new URL\(\s*'(\.[^']*)',\s*import\.meta\.url,?\s*\),\s*'utf8',?\s*\)/g

/** The import that a source needs only for such calls. */
const READ_IMPORT = "import { readFileSync } from 'node:fs'\n"

/** The text files that are in the package in a short form: without comments and white space, with short names. */
const LOADERS: Readonly<Record<string, 'css' | 'js'>> = { '.css': 'css', '.js': 'js' }

/**
 * The text of a source in which each call that reads a text file is replaced by the text itself.
 *
 * @param url the URL of the source
 * @throws Error if the source reads a file by a call of another form
 */
export function withTextFilesInlined(source: string, url: URL): string {
  const inlined = source.replace(READ_CALL, (_call, path: string) =>
    JSON.stringify(packagedText(new URL(path, url))),
  )
  if (/readFileSync\(\s*new URL\(/.test(inlined)) {
    throw new Error(
      `${url.pathname}: write readFileSync(new URL('./name', import.meta.url), 'utf8') to read a text file.`,
    )
  }
  return inlined.includes('readFileSync(') ? inlined : inlined.replace(READ_IMPORT, '')
}

function packagedText(file: URL): string {
  const text = readFileSync(file, 'utf8')
  const loader = LOADERS[extname(file.pathname)]
  return loader === undefined ? text : transformSync(text, { loader, minify: true }).code
}

/**
 * Puts files of other languages (Lua, HTML, CSS, scripts) into the code that reads them. Tests and tsx read them from the
 * folder of the sources. The published package has no such folder: its code must read no file.
 */
const inlineFiles: EsbuildPlugin = {
  name: 'inline-files',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      const url = pathToFileURL(path)
      const isScripts = source.includes('import { assembleScript }')
      const contents = isScripts ? withLuaScriptsInlined(source, url) : withTextFilesInlined(source, url)
      return { contents, loader: 'ts' }
    })
  },
}

const config: Options = {
  entry: { ...library, ...programs },
  format: ['esm', 'cjs'],
  target: 'node20',
  platform: 'node',
  // Members marked @internal are for other files of this library. The published types leave them out.
  dts: { entry: library, compilerOptions: { stripInternal: true } },
  clean: true,
  // Entry points share code (error classes above all), so that `instanceof` works across them.
  splitting: true,
  sourcemap: false,
  treeshake: true,
  esbuildPlugins: [inlineFiles],
  esbuildOptions(options, { format }) {
    if (format === 'cjs') options.entryPoints = library
  },
}

export default config
