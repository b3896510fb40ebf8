import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { RateLimiterError } from '../../../errors/rate-limiter-error.ts'

/** The exports of a module, by name. */
export type ModuleExports = Readonly<Record<string, unknown>>

/**
 * Loads a module, ESM or CommonJS. From now on what the process prints goes to standard error, because the
 * report goes to standard output and an app may print at any time, such as when it listens.
 *
 * @throws RateLimiterError `invalid_option` for a module that cannot be loaded
 */
export async function loadModule(path: string): Promise<ModuleExports> {
  const { stdout, stderr } = process
  stdout.write = stderr.write.bind(stderr) as typeof stdout.write
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
  }
}

/** Whether Node was started with something that can load other languages. */
function hasLoader(): boolean {
  const options = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' ')
  return /(?:^|\s)(?:--import|--require|--loader|--experimental-loader|-r)\b/.test(options)
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}

function remedyFor(path: string): string {
  if (!existsSync(path)) return 'Give the file that exports your app, such as ./app.js.'
  const isTypeScript = /\.[cm]?tsx?$/.test(path)
  if (!isTypeScript || hasLoader()) {
    return 'The module itself threw this error while it was loaded. Give it what it needs to run, such as environment variables or generated files, or export a function that creates the app.'
  }
  return (
    'TypeScript needs a loader that you install: ' +
    `NODE_OPTIONS="--import tsx" npx express-tollgate audit ${path}. ` +
    'Or audit the JavaScript that you build from it.'
  )
}
