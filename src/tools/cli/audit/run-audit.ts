import { rejectOption } from '../../../errors/option-checks.ts'
import { isRateLimiterError } from '../../../errors/rate-limiter-error.ts'
import { assertEveryRouteLimited } from '../../audit/assert-every-route-limited.ts'
import { auditRoutes } from '../../audit/audit-routes.ts'
import { formatRoutes } from '../../audit/format-routes.ts'
import type { RouteEntry } from '../../audit/route-report.ts'
import { type OptionKinds, readCommandLine } from '../command-line.ts'
import { EXIT, type Terminal } from '../terminal.ts'
import { findApp } from './find-app.ts'
import { loadModule } from './load-module.ts'

const AUDIT_OPTIONS: OptionKinds = {
  '--export': 'value',
  '--except': 'values',
  '--allow-shadow': 'flag',
  '--trust-skip': 'flag',
  '--json': 'flag',
}

/**
 * `express-tollgate audit`: whether a limiter stands before every route of the app in a module.
 *
 * @returns the exit code: 1 when a route is unlimited, or not proven to be limited
 * @throws RateLimiterError for options that make no sense, and modules in which there is no app
 */
export async function runAudit(words: readonly string[], terminal: Terminal): Promise<number> {
  const line = readCommandLine(words, AUDIT_OPTIONS)
  const [path, ...others] = line.operands
  if (path === undefined) {
    return rejectOption(
      'audit',
      undefined,
      'takes a module',
      'Give the file that exports your app: ./app.js.',
    )
  }
  if (others.length > 0) {
    rejectOption('audit', others.join(' '), 'takes one module', 'Write --except before each path.')
  }
  const app = await findApp(await loadModule(path), path, line.value('--export'))
  const trustSkip = line.has('--trust-skip')
  const report = auditRoutes(app, { trustSkip })
  let verdict: string | undefined
  try {
    const except = line.values('--except')
    assertEveryRouteLimited(app, { trustSkip, except, allowShadow: line.has('--allow-shadow') })
  } catch (error) {
    // A mistake in --except is one of the caller's; anything else is what was asked for.
    if (!isRateLimiterError(error) || error.code !== 'unlimited_routes') throw error
    verdict = error.message
  }
  const isLimited = verdict === undefined
  const text = line.has('--json')
    ? JSON.stringify({ everyRouteLimited: isLimited, routes: report.routes.map(entryForMachines) }, null, 2)
    : formatRoutes(report)
  terminal.output.write(`${text}\n`)
  if (verdict === undefined) return EXIT.fine
  terminal.messages.write(`\nexpress-tollgate: ${verdict}\n`)
  return EXIT.found
}

/** What a limiter says of itself is long, and stands in the report once for each route: its name will do. */
function entryForMachines({ limiters, ...entry }: RouteEntry): object {
  return { ...entry, limiters: limiters.map(({ name }) => name) }
}
