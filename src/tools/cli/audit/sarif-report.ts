import { createHash } from 'node:crypto'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { CheckedRoutes } from '../../audit/checked-routes.ts'
import type { RouteEntry } from '../../audit/route-report.ts'
import { packageManifest } from '../package-manifest.ts'
import { functionLocations, type SourceLocation } from './function-locations.ts'
import { ruleIndexOf, SARIF_RULES } from './sarif-rules.ts'

/** The schema that GitHub's code scanning names for SARIF 2.1.0. */
const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json'

/**
 * The entries that fail, and limited routes that a request reaches around a further limiter, as a SARIF 2.1.0
 * log for code scanning.
 *
 * A route has no place in a file: code made it while it ran. A result points to the handler of the route where
 * that is known, and to the module that was audited otherwise.
 *
 * @param modulePath the module that was audited
 * @param root paths in the log are relative to this folder, and code scanning expects the repository here
 */
export function sarifReport(
  { report, failing }: CheckedRoutes,
  modulePath: string,
  root: string = process.cwd(),
): object {
  const isBypassed = ({ state, bypass }: RouteEntry): boolean => state === 'limited' && bypass !== undefined
  const entries = report.routes.filter((entry) => failing.includes(entry) || isBypassed(entry))
  const fingerprints = fingerprintsOf(entries)
  const locations = functionLocations(entries.flatMap(({ handler }) => handler ?? []))
  const module = { file: resolve(root, modulePath), line: 1 }
  const placeOf = ({ handler }: RouteEntry): SourceLocation => {
    const location = handler === undefined ? undefined : locations.get(handler)
    return location !== undefined && isOwnSource(location.file, root) ? location : module
  }
  const { version, homepage } = packageManifest()
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: { name: 'express-tollgate', version, informationUri: homepage, rules: SARIF_RULES },
        },
        columnKind: 'utf16CodeUnits',
        results: entries.map((entry, index) => ({
          ...resultOf(entry, placeOf(entry), root),
          partialFingerprints: { primaryLocationLineHash: fingerprints[index] },
        })),
      },
    ],
  }
}

/** Code scanning shows files of the repository only. */
function isOwnSource(file: string, root: string): boolean {
  const path = relative(root, file)
  return !isAbsolute(path) && !path.split(sep).some((part) => part === '..' || part === 'node_modules')
}

function resultOf(entry: RouteEntry, place: SourceLocation, root: string): object {
  const ruleIndex = ruleIndexOf(entry)
  const rule = SARIF_RULES[ruleIndex]
  const subject = entry.kind === 'ahead' ? '' : `${entry.method} ${entry.path}: `
  return {
    ruleId: rule?.id,
    ruleIndex,
    // Another limiter limits a route that is limited all the same.
    level: entry.state === 'limited' ? 'warning' : rule?.defaultConfiguration.level,
    message: { text: `${subject}${entry.why}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: artifactOf(place.file, root),
          region: { startLine: place.line },
        },
        logicalLocations: [{ fullyQualifiedName: `${entry.method} ${entry.path}`, kind: 'resource' }],
      },
    ],
  }
}

function artifactOf(file: string, root: string): object {
  if (!isOwnSource(file, root)) return { uri: pathToFileURL(file).href }
  const uri = relative(root, file).split(sep).map(encodeURIComponent).join('/')
  return { uri, uriBaseId: '%SRCROOT%' }
}

/**
 * What identifies each result from one run to the next. By default code scanning hashes the line of the result,
 * and many results have the line of the audited module. Several functions on one path are counted.
 */
function fingerprintsOf(entries: readonly RouteEntry[]): readonly string[] {
  const counts = new Map<string, number>()
  return entries.map((entry) => {
    const identity = JSON.stringify([SARIF_RULES[ruleIndexOf(entry)]?.id, entry.method, entry.path])
    const count = (counts.get(identity) ?? 0) + 1
    counts.set(identity, count)
    return `${createHash('sha256').update(identity).digest('hex').slice(0, 16)}:${count}`
  })
}
