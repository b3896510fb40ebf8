import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Builds what the example imports: the modules of the library in ESM. Type declarations take most of the time
 * of a whole build (`npm run build`). What such a build has left stays there.
 *
 * @param folder where the modules are written, relative to the root of the repository
 * @throws Error if the build fails; the compiler has written why to standard error
 */
export async function buildLibrary(folder: string): Promise<void> {
  const tsup = createRequire(import.meta.url).resolve('tsup/dist/cli-default.js')
  const options = ['--format', 'esm', '--no-dts', '--no-treeshake', '--no-clean', '--silent']
  const build = spawn(process.execPath, [tsup, ...options, '--out-dir', folder], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const [code] = await once(build, 'close')
  if (code !== 0) throw new Error('The library cannot be built. The reason is above.')
}
