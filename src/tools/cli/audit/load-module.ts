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
      remedy: remedyFor(path, cause),
      cause,
    })
  } finally {
    stdout.write = write
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}

function remedyFor(path: string, cause: unknown): string {
  if (!/\.[cm]?tsx?$/.test(path)) {
    return isMissing(cause)
      ? 'Give the file that exports your app, such as ./app.js.'
      : 'The module itself threw this error while it was loaded. Let it load without what it needs to run, such as a database, or export a function that creates the app.'
  }
  return (
    'TypeScript needs a loader that you install: ' +
    `NODE_OPTIONS="--import tsx" npx express-tollgate audit ${path}. ` +
    'Or audit the JavaScript that you build from it.'
  )
}

/** Whether a module does not exist, or cannot be loaded by Node: then no code of it has run. */
function isMissing(cause: unknown): boolean {
  const code = String((cause as { code?: unknown } | null)?.code)
  return /MODULE_NOT_FOUND|UNKNOWN_FILE_EXTENSION|UNSUPPORTED_DIR_IMPORT/.test(code)
}
