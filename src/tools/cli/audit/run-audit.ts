import { rejectOption } from '../../../errors/option-checks.ts'
import { RateLimiterError } from '../../../errors/rate-limiter-error.ts'
import { type AssertRoutesOptions, assertEveryRouteLimited } from '../../audit/assert-every-route-limited.ts'
import { auditRoutes } from '../../audit/audit-routes.ts'
import { formatRoutes } from '../../audit/format-routes.ts'
import type { RouteEntry } from '../../audit/route-report.ts'
import { type OptionConfigs, parseCommandLine } from '../command-line.ts'
import { printableJson, printableLines } from '../printable-text.ts'
import { EXIT_CODES, type Terminal } from '../terminal.ts'
import { type AuditTarget, findApp, withServer } from './find-app.ts'
import { loadModule } from './load-module.ts'

const AUDIT_OPTIONS = {
  export: { type: 'string' },
  except: { type: 'string', multiple: true },
  'allow-shadow': { type: 'boolean' },
  'trust-skip': { type: 'boolean' },
  json: { type: 'boolean' },
} as const satisfies OptionConfigs

/**
 * `express-tollgate audit`: audits the routes of the app that a module exports.
 *
 * @returns the exit code: 1 when a route is unlimited, or not proven to be limited
 * @throws RateLimiterError for options that are wrong, and for modules that export no app
 */
export async function runAudit(args: readonly string[], terminal: Terminal): Promise<number> {
  const { operands, values } = parseCommandLine(args, AUDIT_OPTIONS)
  const path = modulePathOf(operands)
  const moduleExports = await loadModule(path)
  const found = await findApp(moduleExports, path, values.export)
  const { target, app }: AuditTarget =
    values.export === undefined ? withServer(moduleExports, path, found) : { target: found }
  const trustSkip = values['trust-skip'] ?? false
  const allowShadow = values['allow-shadow'] ?? false
  const report = auditRoutes(target, { trustSkip, app })
  const failure = auditFailure(target, { app, trustSkip, allowShadow, except: values.except ?? [] })
  const everyRouteLimited = failure === undefined
  const text = values.json
    ? printableJson(
        JSON.stringify({ everyRouteLimited, routes: report.routes.map(withLimiterNames) }, null, 2),
      )
    : printableLines(formatRoutes(report))
  terminal.output.write(`${text}\n`)
  if (everyRouteLimited) return EXIT_CODES.success
  terminal.messages.write(`\nexpress-tollgate: ${printableLines(failure)}\n`)
  return EXIT_CODES.unlimitedRoute
}

function modulePathOf([path, ...others]: readonly string[]): string {
  if (path === undefined) {
    const remedy = 'Give the file that exports your app, such as ./app.js.'
    return rejectOption('audit', undefined, 'takes a module', remedy)
  }
  if (others.length > 0) {
    rejectOption('audit', others.join(' '), 'takes one module', 'Write --except before each path.')
  }
  return path
}

/** The message of the failed audit; undefined when every route is proven to be limited. */
function auditFailure(target: unknown, options: AssertRoutesOptions): string | undefined {
  try {
    assertEveryRouteLimited(target, options)
    return undefined
  } catch (error) {
    // Any other error is a mistake in the options, such as in --except, and not a result of the audit.
    if (!(error instanceof RateLimiterError) || error.code !== 'unlimited_routes') throw error
    return error.message
  }
}

/** A limiter's description is long, and every route would repeat it. The JSON report has the names only. */
function withLimiterNames({ limiters, ...entry }: RouteEntry): object {
  return { ...entry, limiters: limiters.map(({ name }) => name) }
}
