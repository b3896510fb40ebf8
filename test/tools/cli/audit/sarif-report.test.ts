import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import Ajv from 'ajv-draft-04'
import addFormats from 'ajv-formats'
import express from 'express'
import express4 from 'express4'
import { expect, it } from 'vitest'
import manifest from '../../../../package.json' with { type: 'json' }
import { createRateLimiter } from '../../../../src/create-rate-limiter.ts'
import { checkRoutes } from '../../../../src/tools/audit/checked-routes.ts'
import { PROGRAM_WORDS } from '../../../../src/tools/cli/audit/run-audit.ts'
import { sarifReport } from '../../../../src/tools/cli/audit/sarif-report.ts'
import { SARIF_RULES } from '../../../../src/tools/cli/audit/sarif-rules.ts'

/** The schema of SARIF 2.1.0 that a package of Microsoft holds, which SARIF's editors work for. */
const SCHEMA = createRequire(import.meta.url)('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json')
const HERE = fileURLToPath(import.meta.url)

// One of its patterns is no pattern in the mode for Unicode.
const ajv = new Ajv.default({ strict: false, unicodeRegExp: false })
addFormats.default(ajv as never)
const isValid = ajv.compile(SCHEMA)

interface Log {
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly version: string } }
    readonly results: readonly {
      readonly ruleId: string
      readonly ruleIndex: number
      readonly level: string
      readonly message: { readonly text: string }
      readonly locations: readonly {
        readonly physicalLocation: {
          readonly artifactLocation: { readonly uri: string; readonly uriBaseId?: string }
          readonly region: { readonly startLine: number }
        }
      }[]
      readonly partialFingerprints: { readonly primaryLocationLineHash: string }
    }[]
  }[]
}

function report(app: unknown, options = {}, module = 'src/app.js', root = dirname(HERE)) {
  const log = sarifReport(checkRoutes(app, options, PROGRAM_WORDS), module, root)
  expect(isValid(log), JSON.stringify(isValid.errors)).toBe(true)
  const [run] = (log as Log).runs
  if (run === undefined) throw new Error('the log has no run')
  return run
}

function corsMiddleware(_req: unknown, _res: unknown, next: () => void): void {
  next()
}

/** Breaks every rule once, and has two routes of one rule. */
function appWithGaps() {
  const app = express4()
  app.use(corsMiddleware)
  app.get('/open', (_req, res) => void res.end())
  app.get('/unproven', createRateLimiter({ skip: () => false }), (_req, res) => void res.end())
  app.get('/shadow', createRateLimiter({ mode: 'shadow' }), (_req, res) => void res.end())
  app.use(/^\/bypassed$/, createRateLimiter({ name: 'bypassed' }))
  app.get('/bypassed', (_req, res) => void res.end())
  return app
}

it('is valid SARIF 2.1.0, with a result for each entry that fails', () => {
  const { tool, results } = report(appWithGaps())
  expect(tool.driver.version).toBe(manifest.version)
  expect(results.map(({ ruleId, level, message }) => [ruleId, level, message.text])).toEqual([
    [
      'middleware-before-limiter',
      'note',
      'No limiter runs before 1 middleware: corsMiddleware. No limiter counts the requests that it answers itself. corsMiddleware belongs before a limiter: without its headers a page cannot read a refusal.',
    ],
    ['unlimited-route', 'error', 'GET /open: No limiter runs before it.'],
    [
      'unproven-route',
      'warning',
      "GET /unproven: The skip function of limiter 'default' can exempt requests.",
    ],
    [
      'shadow-route',
      'note',
      "GET /shadow: Limiter 'default' runs before it in shadow mode and refuses no request.",
    ],
    ['bypassed-limiter', 'error', "GET /bypassed: GET /BYPASSED reaches it and bypasses limiter 'bypassed'."],
    ['unlimited-route', 'error', 'ALL (no route: 404): No limiter runs before it.'],
  ])
  for (const { ruleId, ruleIndex } of results) expect(SARIF_RULES[ruleIndex]?.id).toBe(ruleId)
})

it('points to the handler, and to the audited module where Express answers', () => {
  const { results } = report(appWithGaps())
  const placeOf = (text: string) =>
    results.find(({ message }) => message.text.startsWith(text))?.locations[0]?.physicalLocation
  expect(placeOf('GET /open')?.artifactLocation).toEqual({
    uri: 'sarif-report.test.ts',
    uriBaseId: '%SRCROOT%',
  })
  expect(placeOf('GET /open')?.region.startLine).toBeGreaterThan(1)
  expect(placeOf('No limiter runs before 1 middleware')?.artifactLocation.uri).toBe('src/app.js')
  expect(placeOf('ALL (no route')).toEqual({
    artifactLocation: { uri: 'src/app.js', uriBaseId: '%SRCROOT%' },
    region: { startLine: 1 },
  })
})

it('counts several functions on one path in their fingerprints', () => {
  const { results } = report(express().use(express.static('a'), express.static('b')))
  const hashes = results.map(({ partialFingerprints }) => partialFingerprints.primaryLocationLineHash)
  expect(hashes.map((hash) => hash.split(':')[1])).toEqual(['1', '2', '1'])
  expect(hashes[0]?.split(':')[0]).toBe(hashes[1]?.split(':')[0])
})

it('gives results at the same place fingerprints of their own, which stay the same', () => {
  const hashes = () => {
    const { results } = report(appWithGaps())
    return results.map(({ partialFingerprints }) => partialFingerprints.primaryLocationLineHash)
  }
  expect(new Set(hashes()).size).toBe(6)
  expect(hashes()).toEqual(hashes())
})

it('has no result for a route that is limited or excepted, and a warning for a further limiter bypassed', () => {
  const app = express4()
  app.use(createRateLimiter())
  app.use(/^\/login$/, createRateLimiter({ name: 'login' }))
  app.post('/login', (_req, res) => void res.end())
  const { results } = report(app)
  expect(results.map(({ ruleId, level }) => [ruleId, level])).toEqual([['bypassed-limiter', 'warning']])
  expect(report(express(), { except: ['(no route: 404)'] }).results).toEqual([])
})

it('gives a module outside the repository as a URL', () => {
  const [result] = report(express(), {}, '/elsewhere/my app.js').results
  expect(result?.locations[0]?.physicalLocation.artifactLocation).toEqual({
    uri: 'file:///elsewhere/my%20app.js',
  })
})
