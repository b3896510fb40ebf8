import { checkChoice, rejectOption } from '../../../errors/option-checks.ts'
import type { AuditWords } from '../../audit/audit-words.ts'
import { type CheckedRoutes, checkRoutes } from '../../audit/checked-routes.ts'
import { type OptionConfigs, parseCommandLine } from '../command-line.ts'
import { printableJson, printableLines } from '../printable-text.ts'
import { EXIT_CODES, type Terminal } from '../terminal.ts'
import { findTarget } from './find-app.ts'
import { jsonReport } from './json-report.ts'
import { loadModule } from './load-module.ts'
import { sarifReport } from './sarif-report.ts'
import { textReport } from './text-report.ts'

const AUDIT_OPTIONS = {
  export: { type: 'string' },
  except: { type: 'string', multiple: true },
  'allow-before': { type: 'string', multiple: true },
  'allow-shadow': { type: 'boolean' },
  'trust-skip': { type: 'boolean' },
  format: { type: 'string' },
} as const satisfies OptionConfigs

const PROGRAM_OPTIONS = {
  except: '--except',
  allowBefore: '--allow-before',
  allowShadow: '--allow-shadow',
  trustSkip: '--trust-skip',
} as const

/** The audit's options in the words of the command line. */
export const PROGRAM_WORDS: AuditWords = {
  option: (name) => PROGRAM_OPTIONS[name],
  value: (name) => PROGRAM_OPTIONS[name],
  listing: 'the report',
}

/**
 * `express-tollgate audit`: audits the routes of the app that a module exports.
 *
 * @returns the exit code: 1 when a route is unlimited, or not proven to be limited
 * @throws RateLimiterError for options that are wrong, and for modules that export no app
 */
export async function runAudit(args: readonly string[], terminal: Terminal): Promise<number> {
  const { operands, values } = parseCommandLine(args, AUDIT_OPTIONS)
  const path = modulePathOf(operands)
  const format = checkChoice('--format', values.format, ['text', 'json', 'sarif'], 'text')
  const { target, app } = await findTarget(await loadModule(path), path, values.export)
  const options = {
    app,
    except: values.except,
    allowBefore: values['allow-before'],
    allowShadow: values['allow-shadow'],
    trustSkip: values['trust-skip'],
  }
  const checked = checkRoutes(target, options, PROGRAM_WORDS)
  terminal.output.write(`${reportText(checked, format, path)}\n`)
  return checked.failing.length === 0 ? EXIT_CODES.success : EXIT_CODES.unlimitedRoute
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

function reportText(checked: CheckedRoutes, format: 'text' | 'json' | 'sarif', path: string): string {
  if (format === 'text') return printableLines(textReport(checked, PROGRAM_WORDS))
  const json = format === 'json' ? jsonReport(checked) : sarifReport(checked, path)
  return printableJson(JSON.stringify(json, null, 2))
}
