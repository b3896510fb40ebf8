import type { LimitDescription, LimiterDescription } from '../../limits/limiter-description.ts'
import type { ReadOrWrite } from '../../limits/request-class.ts'
import { classesOfEndpoint, classesOfMethod, type Endpoint } from './endpoint.ts'
import { listenerReason, subAppReason, whyNotBefore, whyNotProven } from './not-proven-reasons.ts'
import type { PlacedLimiter } from './placed-limiter.ts'
import { probeRoutePath, skipsLimiter } from './route-probe.ts'
import type { LimiterBypass, RouteEntry, RouteState } from './route-report.ts'
import { bypassingPath, bypassReason, whyNoLimiter } from './unlimited-reasons.ts'

interface Verdict {
  readonly state: RouteState
  readonly why: string
  readonly bypass?: LimiterBypass
}

const STATES_WORST_FIRST: readonly RouteState[] = ['unlimited', 'not-proven', 'shadow', 'limited']

/** Decides how well an endpoint is limited: as badly as the class of requests that is limited worst. */
export function routeEntry(found: Endpoint, trustSkip: boolean): RouteEntry {
  const { method, path, kind, functionName } = found
  const endpoint = { ...found, limiters: limitersThatMayRun(found) }
  const verdicts = classesOfEndpoint(endpoint).map((one) => classVerdict(endpoint, one, trustSkip))
  const worst = STATES_WORST_FIRST.map((state) => verdicts.find((one) => one.state === state)).find(Boolean)
  const { state, why: reason } = worst ?? { state: 'unlimited', why: '' }
  const proven = endpoint.limiters.filter((limiter) => whyNotBefore(limiter, endpoint) === undefined)
  const limiters = [...new Set(proven.map(({ description }) => description))]
  const doubts = doubtsOf(endpoint, limiters)
  const doubtReasons = doubts.map(({ why }) => why).filter((why) => !reason.includes(why))
  const answers = functionName === undefined ? [] : [`Function ${functionName} can answer here.`]
  const why = [...new Set([...answers, reason, ...doubtReasons])].join(' ')
  const bypass = worst?.bypass ?? doubts.find((doubt) => doubt.bypass !== undefined)?.bypass
  const listedClasses = classesOfMethod(method)
  const limitsOf = (one: ReadOrWrite): readonly LimitDescription[] =>
    listedClasses.includes(one) ? limiters.flatMap((limiter) => limiter[one] || []) : []
  return {
    method,
    path,
    kind,
    limiters,
    inDoubt: doubts.map(({ limiter }) => limiter),
    read: limitsOf('read'),
    write: limitsOf('write'),
    state,
    why,
    ...(bypass === undefined ? {} : { bypass }),
    ...(found.handler === undefined ? {} : { handler: found.handler }),
  }
}

/** A limiter that may run before an endpoint, and the reason why it may not. */
interface Doubt {
  readonly limiter: LimiterDescription
  readonly why: string
  readonly bypass?: LimiterBypass
}

function doubtsOf(endpoint: Endpoint, proven: readonly LimiterDescription[]): readonly Doubt[] {
  const classes = classesOfEndpoint(endpoint)
  const places = endpoint.limiters.filter(
    ({ description, runsForMethod }) =>
      !proven.includes(description) &&
      endpoint.requestMethods.some(runsForMethod) &&
      classes.some((one) => canLimit(description, one)),
  )
  const limiters = [...new Set(places.map(({ description }) => description))]
  return limiters.map((limiter) => {
    const placesOfLimiter = places.filter(({ description }) => description === limiter)
    const limitedClass = classes.find((one) => canLimit(limiter, one)) ?? 'read'
    const bypass = bypassOf(placesOfLimiter, endpoint, limitedClass)
    if (bypass !== undefined) return { limiter, ...bypass }
    const reasons = placesOfLimiter.map((place) => whyNotBefore(place, endpoint))
    return { limiter, why: reasons.findLast((reason) => reason !== undefined) ?? '' }
  })
}

/** Shows that a request of this class can reach the endpoint around all of these limiters. */
function bypassOf(
  limiters: readonly PlacedLimiter[],
  endpoint: Endpoint,
  readOrWrite: ReadOrWrite,
): { readonly why: string; readonly bypass: LimiterBypass } | undefined {
  const path = bypassingPath(limiters, endpoint)
  if (path === undefined) return undefined
  const names = [...new Set(limiters.map(({ description }) => description.name))]
  const anyMethod = readOrWrite === 'read' ? 'GET' : 'POST'
  const method = endpoint.method === 'ALL' ? anyMethod : endpoint.method
  const bypass = { request: `${method} ${path}`, limiters: names }
  return { why: bypassReason(bypass), bypass }
}

/** Leaves out the limiters that no probe of the endpoint's route path meets: they are for other paths. */
function limitersThatMayRun({ limiters, routePath }: Endpoint): readonly PlacedLimiter[] {
  const probes = probeRoutePath(routePath)
  if (probes.length === 0) return limiters
  return limiters.filter((limiter) => !probes.every((probe) => skipsLimiter(probe, limiter)))
}

function classVerdict(endpoint: Endpoint, readOrWrite: ReadOrWrite, trustSkip: boolean): Verdict {
  const running = endpoint.limiters.filter((limiter) => endpoint.requestMethods.every(limiter.runsForMethod))
  const relevant = running.filter(({ description }) => canLimit(description, readOrWrite))
  const reasons = relevant.map((limiter) => whyNotProven(limiter, endpoint, readOrWrite, trustSkip))
  const proven = relevant.filter((_, index) => reasons[index] === undefined)
  const enforcing = proven.find(({ description }) => description.mode === 'enforce')
  if (enforcing !== undefined) {
    return { state: 'limited', why: `Limiter '${enforcing.description.name}' runs before it.` }
  }
  const [shadow] = proven
  if (shadow !== undefined) {
    const { name } = shadow.description
    return { state: 'shadow', why: `Limiter '${name}' runs before it in shadow mode and refuses no request.` }
  }
  const whyNone = relevant.length === 0 ? whyNoLimiter(endpoint, running, readOrWrite) : undefined
  const whyNotLimited = whyNone ?? reasons.at(-1) ?? ''
  if (endpoint.kind === 'sub-app') return { state: 'not-proven', why: subAppReason(whyNotLimited) }
  if (endpoint.kind === 'listener') return { state: 'not-proven', why: listenerReason(whyNotLimited) }
  if (whyNone !== undefined) return { state: 'unlimited', why: whyNone }
  const bypassed = bypassOf(relevant, endpoint, readOrWrite)
  if (bypassed !== undefined) return { state: 'unlimited', ...bypassed }
  return { state: 'not-proven', why: whyNotLimited }
}

/** Whether a limiter may limit requests of a class, as far as its description shows. */
function canLimit(description: LimiterDescription, readOrWrite: ReadOrWrite): boolean {
  if (description[readOrWrite] !== false) return true
  return description.classifiedBy === 'function' && (description.read || description.write) !== false
}
