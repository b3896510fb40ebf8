// The rules of the SARIF report: one for each way in which an entry of the audit can fail.

import type { RouteEntry } from '../../audit/route-report.ts'

/** A reportingDescriptor of SARIF 2.1.0 (3.49), with the properties that GitHub's code scanning reads. */
export interface SarifRule {
  readonly id: string
  readonly name: string
  readonly shortDescription: { readonly text: string }
  readonly fullDescription: { readonly text: string }
  readonly help: { readonly text: string }
  readonly helpUri: string
  readonly defaultConfiguration: { readonly level: 'error' | 'warning' | 'note' }
  readonly properties: {
    readonly tags: readonly string[]
    readonly precision: 'very-high' | 'high' | 'medium'
    readonly 'problem.severity': 'error' | 'warning' | 'recommendation'
    /** A score of 0.1 to 10: from 7.0 code scanning shows `high`, from 4.0 `medium`, below `low`. */
    readonly 'security-severity': string
  }
}

const HELP_URI = 'https://github.com/express-tollgate/express-tollgate#prove-that-no-route-is-unlimited'

/** Those of CodeQL's own rule for missing rate limits, so that filters for them find these results too. */
const TAGS = ['security', 'external/cwe/cwe-307', 'external/cwe/cwe-400', 'external/cwe/cwe-770'] as const

const SEVERITIES = {
  error: { 'problem.severity': 'error', 'security-severity': '7.5' },
  warning: { 'problem.severity': 'warning', 'security-severity': '5.0' },
  note: { 'problem.severity': 'recommendation', 'security-severity': '2.0' },
} as const

function rule(
  id: string,
  level: SarifRule['defaultConfiguration']['level'],
  precision: SarifRule['properties']['precision'],
  [short, full, help]: readonly [short: string, full: string, help: string],
): SarifRule {
  const name = id.replace(/(?:^|-)(\w)/g, (_match, letter: string) => letter.toUpperCase())
  return {
    id,
    name,
    shortDescription: { text: short },
    fullDescription: { text: full },
    help: { text: help },
    helpUri: HELP_URI,
    defaultConfiguration: { level },
    properties: { tags: TAGS, precision, ...SEVERITIES[level] },
  }
}

const EXCEPT = 'If the route may be unlimited, name it with --except.'

/** All rules, in the order in which {@link ruleIndexOf} counts them. */
export const SARIF_RULES: readonly SarifRule[] = [
  rule('bypassed-limiter', 'error', 'very-high', [
    'A request reaches this route around its rate limiter',
    'A limiter is mounted for the route, but a request in another spelling reaches the route without it.',
    'Mount the limiter in the router that has the route, or on the route itself.',
  ]),
  rule('unlimited-route', 'error', 'very-high', [
    'No rate limiter runs before this route',
    'A request can reach the route without a limiter, so nothing bounds how often a client calls it.',
    `Mount a limiter before the route. ${EXCEPT}`,
  ]),
  rule('unproven-route', 'warning', 'medium', [
    'No rate limiter is proven to run before this route',
    'The audit found no proof that a limiter runs for every request to the route. It may be limited.',
    `The message has the reason. Mount the limiter where the proof is possible. ${EXCEPT}`,
  ]),
  rule('shadow-route', 'note', 'very-high', [
    'The rate limiter of this route is in shadow mode',
    'The limiter counts requests and refuses none.',
    "Set the mode of the limiter to 'enforce', or accept shadow mode with --allow-shadow.",
  ]),
  rule('middleware-before-limiter', 'note', 'high', [
    'Middleware stands before the rate limiter',
    'No limiter counts the requests that this middleware answers, or the work that it does for them.',
    'Mount the limiter first, or accept the middleware by name with --allow-before.',
  ]),
]

/** The rule that a failing entry breaks, as an index of {@link SARIF_RULES}. */
export function ruleIndexOf(entry: RouteEntry): number {
  const brokenRule = ruleIdOf(entry)
  return SARIF_RULES.findIndex(({ id }) => id === brokenRule)
}

function ruleIdOf({ kind, state, bypass }: RouteEntry): string {
  if (kind === 'ahead') return 'middleware-before-limiter'
  if (state === 'shadow') return 'shadow-route'
  if (state === 'not-proven') return 'unproven-route'
  return bypass === undefined ? 'unlimited-route' : 'bypassed-limiter'
}
