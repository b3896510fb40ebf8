import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { RateLimiterError } from '../../../errors/rate-limiter-error.ts'

/** What a module exports, by name. */
export type Exports = Readonly<Record<string, unknown>>

/**
 * Loads a module, ESM or CommonJS. What it prints goes to standard error, since the report goes to standard output.
 *
 * @throws RateLimiterError `invalid_option` for a module that cannot be loaded
 */
export async function loadModule(path: string): Promise<Exports> {
  const { stdout, stderr } = process
  const { write } = stdout
  stdout.write = stderr.write.bind(stderr) as typeof write
  try {
    return (await import(pathToFileURL(resolve(path)).href)) as Exports
  } catch (cause) {
    throw new RateLimiterError({
      code: 'invalid_option',
      option: 'audit',
      value: path,
      problem: `cannot be loaded (${cause instanceof Error ? `${cause.name}: ${firstLine(cause.message)}` : cause})`,
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
  if (!/\.[cm]?tsx?$/.test(path)) return 'Give the file that exports your app: ./app.js.'
  return (
    'TypeScript needs a loader of yours: ' +
    `NODE_OPTIONS="--import tsx" npx express-tollgate audit ${path}, or audit what is built of it.`
  )
}
