import type { LimitDescription, LimiterDescription } from '../../limits/limiter-description.ts'
import type { ReadOrWrite } from '../../limits/request-class.ts'
import { classesOfEndpoint, classesOfMethod, type Endpoint } from './endpoint.ts'
import { listenerReason, subAppReason, whyNotBefore, whyNotProven } from './not-proven-reasons.ts'
import type { PlacedLimiter } from './placed-limiter.ts'
import { probeRoutePath, skipsLimiter } from './route-probe.ts'
import type { RouteEntry, RouteState } from './route-report.ts'
import { whyBypassed, whyNoLimiter } from './unlimited-reasons.ts'

interface Verdict {
  readonly state: RouteState
  readonly why: string
}

const STATES_WORST_FIRST: readonly RouteState[] = ['unlimited', 'not-proven', 'shadow', 'limited']

/** Decides how well an endpoint is limited: as badly as the class of requests that is limited worst. */
export function routeEntry(found: Endpoint, trustSkip: boolean): RouteEntry {
  const { method, path, kind, functionName } = found
  const endpoint = { ...found, limiters: limitersThatMayRun(found) }
  const verdicts = classesOfEndpoint(endpoint).map((one) => classVerdict(endpoint, one, trustSkip))
  const state =
    STATES_WORST_FIRST.find((one) => verdicts.some((verdict) => verdict.state === one)) ?? 'unlimited'
  const reason = verdicts.find((verdict) => verdict.state === state)?.why ?? ''
  const why = functionName === undefined ? reason : `Function ${functionName} can answer here. ${reason}`
  const proven = endpoint.limiters.filter((limiter) => whyNotBefore(limiter, endpoint) === undefined)
  const limiters = [...new Set(proven.map(({ description }) => description))]
  const listedClasses = classesOfMethod(method)
  const limitsOf = (one: ReadOrWrite): readonly LimitDescription[] =>
    listedClasses.includes(one) ? limiters.flatMap((limiter) => limiter[one] || []) : []
  return { method, path, kind, limiters, read: limitsOf('read'), write: limitsOf('write'), state, why }
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
  const whyUnlimited = whyNone ?? whyBypassed(relevant, endpoint)
  if (whyUnlimited !== undefined) return { state: 'unlimited', why: whyUnlimited }
  return { state: 'not-proven', why: whyNotLimited }
}

/** Whether a limiter may limit requests of a class, as far as its description shows. */
function canLimit(description: LimiterDescription, readOrWrite: ReadOrWrite): boolean {
  if (description[readOrWrite] !== false) return true
  return description.classifiedBy === 'function' && (description.read || description.write) !== false
}
