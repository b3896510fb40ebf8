import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { auditRoutes, formatRoutes, type RouteEntry } from '../../../src/tools/audit/index.ts'
import { EXPRESS_VERSIONS, type ExpressVersion } from './express-versions.ts'
import { RandomApp, type Visit } from './random-app.ts'
import { randomParts } from './random-parts.ts'

const READS = ['GET', 'HEAD', 'OPTIONS']
const APP_COUNT = Number(process.env.AUDIT_RUNS ?? 200)

const segment = fc.constantFrom('a', 'a', 'a', 'a', 'b', 'b', 'b', 'A', '', '1', 'a-b', 'a.b', '%ff', 'ab')
const url = fc.oneof(
  { weight: 12, arbitrary: fc.array(segment, { maxLength: 4 }).map((segments) => `/${segments.join('/')}`) },
  { weight: 1, arbitrary: fc.constant('*') },
)
const method = fc.constantFrom('GET', 'GET', 'HEAD', 'POST', 'OPTIONS')
const requests = fc.array(fc.tuple(method, url, fc.nat(1000)), { minLength: 1, maxLength: 40, size: 'max' })

/** Whether a limiter that limits requests with this method ran. */
function wasLimited(verb: string, { limiterNames }: Visit): boolean {
  return limiterNames.includes('default') || (READS.includes(verb) && limiterNames.includes('reads only'))
}

interface Tally {
  reached: number
  limited: number
  /** Endpoints that are not proven, though a limiter ran for every request that reached them. */
  notProvenThoughLimited: number
}

async function checkApp(
  version: ExpressVersion,
  random: RandomApp,
  sent: [string, string, number][],
  tally: Tally,
) {
  const report = auditRoutes(random.app)
  const listed = report.routes.filter(
    ({ kind }) => !['options', 'fallthrough', 'param', 'ahead'].includes(kind),
  )
  expect(listed.length, formatRoutes(report)).toBe(random.endpointNumbers.length)
  const entriesOf = (number: number): RouteEntry[] =>
    listed.filter((_, index) => random.endpointNumbers[index] === number)
  const fallthrough = report.routes.filter(({ kind }) => kind === 'fallthrough')
  const limitedByEndpoint = new Map<number, boolean>()
  for (const [verb, path, seed] of sent) {
    for (const visit of await random.send(verb, path, seed)) {
      const limited = wasLimited(verb, visit)
      if (typeof visit.place === 'number')
        limitedByEndpoint.set(visit.place, (limitedByEndpoint.get(visit.place) ?? true) && limited)
      if (limited) continue
      const entries =
        visit.place === '404'
          ? fallthrough
          : typeof visit.place === 'number'
            ? entriesOf(visit.place)
            : report.routes
      const saysLimited = entries.every(({ state }) => state === 'limited')
      expect(
        saysLimited,
        `${version.name}: ${verb} ${path} (seed ${seed}) unlimited\n${formatRoutes(report)}`,
      ).toBe(false)
    }
  }
  for (const [number, limited] of limitedByEndpoint) {
    tally.reached++
    if (entriesOf(number).every(({ state }) => state === 'limited')) tally.limited++
    else if (limited && entriesOf(number).some(({ state }) => state === 'not-proven'))
      tally.notProvenThoughLimited++
  }
}

describe('auditRoutes on random apps', () => {
  for (const version of EXPRESS_VERSIONS) {
    it(`reports no route as limited that a request reaches without a limiter: Express ${version.name}`, async () => {
      const tally: Tally = { reached: 0, limited: 0, notProvenThoughLimited: 0 }
      await fc.assert(
        fc.asyncProperty(randomParts(version.major), requests, async (parts, sent) => {
          await checkApp(version, new RandomApp(version, parts), sent, tally)
        }),
        { numRuns: APP_COUNT },
      )
      console.log(
        `Express ${version.name}: ${tally.reached} endpoints reached, ${tally.limited} proven limited, ` +
          `${tally.notProvenThoughLimited} not proven though every request was limited`,
      )
      // The property proves something only where the audit calls endpoints limited.
      expect(tally.limited).toBeGreaterThan(tally.reached / 20)
    })
  }
})
