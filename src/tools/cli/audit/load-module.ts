import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { RateLimiterError } from '../../../errors/rate-limiter-error.ts'

/** The exports of a module, by name. */
export type ModuleExports = Readonly<Record<string, unknown>>

/**
 * Loads a module, ESM or CommonJS. What the module prints goes to standard error, because the report goes to
 * standard output.
 *
 * @throws RateLimiterError `invalid_option` for a module that cannot be loaded
 */
export async function loadModule(path: string): Promise<ModuleExports> {
  const { stdout, stderr } = process
  const { write } = stdout
  stdout.write = stderr.write.bind(stderr) as typeof write
  try {
    return (await import(pathToFileURL(resolve(path)).href)) as ModuleExports
  } catch (cause) {
    const reason = cause instanceof Error ? `${cause.name}: ${firstLine(cause.message)}` : cause
    throw new RateLimiterError({
      code: 'invalid_option',
      option: 'audit',
      value: path,
      problem: `cannot be loaded (${reason})`,
      remedy: remedyFor(path),
      cause,
    })
  } finally {
    stdout.write = write
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}

function remedyFor(path: string): string {
  if (!/\.[cm]?tsx?$/.test(path)) return 'Give the file that exports your app, such as ./app.js.'
  return (
    'TypeScript needs a loader that you install: ' +
    `NODE_OPTIONS="--import tsx" npx express-tollgate audit ${path}. ` +
    'Or audit the JavaScript that you build from it.'
  )
}
