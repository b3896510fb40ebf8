import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { auditRoutes, formatRoutes, type RouteEntry } from '../../../src/tools/audit/index.ts'
import { EXPRESS_VERSIONS, type ExpressVersion } from './express-versions.ts'
import { RandomApp, type Visit } from './random-app.ts'
import { randomParts } from './random-parts.ts'

const READS = ['GET', 'HEAD', 'OPTIONS']
const RUNS = Number(process.env.AUDIT_RUNS ?? 200)

const segment = fc.constantFrom('a', 'a', 'a', 'a', 'b', 'b', 'b', 'A', '', '1', 'a-b', 'a.b', '%ff', 'ab')
const url = fc.oneof(
  { weight: 12, arbitrary: fc.array(segment, { maxLength: 4 }).map((segments) => `/${segments.join('/')}`) },
  { weight: 1, arbitrary: fc.constant('*') },
)
const method = fc.constantFrom('GET', 'GET', 'HEAD', 'POST', 'OPTIONS')
const requests = fc.array(fc.tuple(method, url, fc.nat(1000)), { minLength: 1, maxLength: 40, size: 'max' })

/** Whether a limiter that limits this class ran. */
function wasLimited(verb: string, { met }: Visit): boolean {
  return met.includes('default') || (READS.includes(verb) && met.includes('reads only'))
}

interface Tally {
  reached: number
  limited: number
  /** Lines not proven though every request seen to reach them had met a limiter. */
  perhapsTooStrict: number
}

async function checkOne(
  version: ExpressVersion,
  random: RandomApp,
  sent: [string, string, number][],
  tally: Tally,
) {
  const report = auditRoutes(random.app)
  const listed = report.routes.filter(
    ({ kind }) => !['options', 'fallthrough', 'param', 'ahead'].includes(kind),
  )
  expect(listed.length, formatRoutes(report)).toBe(random.lines.length)
  const entriesOf = (number: number): RouteEntry[] =>
    listed.filter((_, index) => random.lines[index] === number)
  const fallthrough = report.routes.filter(({ kind }) => kind === 'fallthrough')
  const seen = new Map<number, boolean>()
  for (const [verb, path, whim] of sent) {
    for (const visit of await random.send(verb, path, whim)) {
      const limited = wasLimited(verb, visit)
      if (typeof visit.at === 'number') seen.set(visit.at, (seen.get(visit.at) ?? true) && limited)
      if (limited) continue
      const claims =
        visit.at === 'end' ? fallthrough : typeof visit.at === 'number' ? entriesOf(visit.at) : report.routes
      const isClaimed = claims.every(({ state }) => state === 'limited')
      expect(isClaimed, `${version.name}: ${verb} ${path} (${whim}) unlimited\n${formatRoutes(report)}`).toBe(
        false,
      )
    }
  }
  for (const [number, limited] of seen) {
    tally.reached++
    if (entriesOf(number).every(({ state }) => state === 'limited')) tally.limited++
    else if (limited && entriesOf(number).some(({ state }) => state === 'not-proven'))
      tally.perhapsTooStrict++
  }
}

describe('soundness on random apps', () => {
  for (const version of EXPRESS_VERSIONS) {
    it(`never calls limited what a request reaches unlimited: Express ${version.name}`, async () => {
      const tally: Tally = { reached: 0, limited: 0, perhapsTooStrict: 0 }
      await fc.assert(
        fc.asyncProperty(randomParts(version.major), requests, async (parts, sent) => {
          await checkOne(version, new RandomApp(version, parts), sent, tally)
        }),
        { numRuns: RUNS },
      )
      console.log(
        `Express ${version.name}: ${tally.reached} endpoints reached, ${tally.limited} proven limited, ` +
          `${tally.perhapsTooStrict} not proven though no request escaped`,
      )
      // The property must have had something to say.
      expect(tally.limited).toBeGreaterThan(tally.reached / 20)
    })
  }
})
