import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

/**
 * How much each entry point may weigh, in bytes, minified and gzipped, its dependency and peers aside. Close above what
 * it weighs: a change that needs more raises its limit in the same commit, where a reviewer sees it.
 */
const LIMIT_BYTES: Readonly<Record<string, number>> = {
  '.': 47_800,
  './audit': 13_200,
  './concurrency': 39_100,
  './dashboard': 26_200,
  './express-rate-limit-store': 3_000,
  './metrics': 5_700,
  './openapi': 3_700,
  './persistence': 19_200,
  './redis': 22_100,
  './testing': 15_500,
}

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly import: { readonly default: string } }>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
}

const root = new URL('../../../', import.meta.url)
const manifest = JSON.parse(await readFile(new URL('package.json', root), 'utf8')) as Manifest

/** Bundles an entry point as an application's bundler would, and weighs the result. */
async function weighBytes(file: string): Promise<number> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(file, root))],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)],
    logLevel: 'error',
  })
  return outputFiles.reduce((sum, output) => sum + gzipSync(output.contents, { level: 9 }).length, 0)
}

console.log(`${'entry'.padEnd(28)}${'bytes'.padStart(8)}${'limit'.padStart(8)}`)
for (const [entry, target] of Object.entries(manifest.exports)) {
  if (typeof target === 'string') continue
  const limitBytes = LIMIT_BYTES[entry]
  const bytes = await weighBytes(target.import.default)
  console.log(`${entry.padEnd(28)}${String(bytes).padStart(8)}${String(limitBytes ?? 'none').padStart(8)}`)
  if (limitBytes === undefined) {
    console.error(
      `${entry} has no size limit: add one to LIMIT_BYTES in test/integration/package/size-limit.ts.`,
    )
    process.exitCode = 1
  } else if (bytes > limitBytes) {
    console.error(`${entry} is ${bytes - limitBytes} bytes over its limit, minified and gzipped.`)
    process.exitCode = 1
  }
}
