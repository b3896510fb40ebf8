import type { LimitDescription, LimiterDescription } from '../../limits/limiter-description.ts'
import type { PlacedLimiter } from './guard.ts'
import { takes } from './layer-pattern.ts'
import { coversPaths } from './path-coverage.ts'
import { classesOf, type LimitedClass } from './request-classes.ts'
import { probesFor, type RoutePath, walkRoutePath } from './route-path.ts'
import type { RouteEntry, RouteKind, RouteState } from './route-report.ts'

/** Something that can answer, and how a request comes to it. */
export interface Endpoint {
  readonly method: string
  readonly path: string
  readonly kind: RouteKind
  /** The methods of the requests that it can answer. */
  readonly requestMethods: readonly string[]
  /** Param callbacks see HEAD requests whatever the route handles. */
  readonly alsoRead?: boolean
  /** Set for what answers at the end of a router: how deep that router is. */
  readonly endOf?: number
  readonly way: RoutePath
  /** Everything that may stand before it, in order. */
  readonly guards: readonly PlacedLimiter[]
  /** What answers, where the path alone does not say so. */
  readonly name?: string
  /** A limiter that stands after it in the same router. */
  readonly later?: string | undefined
}

interface Finding {
  readonly state: RouteState
  readonly why: string
}

const WORST_FIRST: readonly RouteState[] = ['unlimited', 'not-proven', 'shadow', 'limited']

/** Decides how well an endpoint is limited. */
export function judgeRoute(found: Endpoint, trustSkip: boolean): RouteEntry {
  const { method, path, kind } = found
  const endpoint = { ...found, guards: found.guards.filter(mayApply(found.way)) }
  const own = classesOf(method)
  const classes = endpoint.alsoRead === true && !own.includes('read') ? (['read', ...own] as const) : own
  const findings = classes.map((one) => classVerdict(endpoint, one, trustSkip))
  const state = WORST_FIRST.find((one) => findings.some((finding) => finding.state === one)) ?? 'unlimited'
  const why = findings.find((finding) => finding.state === state)?.why ?? ''
  const limiters = [...new Set(endpoint.guards.filter((guard) => !doubtOf(guard, endpoint)).map(describe))]
  const limitsOf = (limited: LimitedClass): readonly LimitDescription[] =>
    own.includes(limited) ? limiters.flatMap((limiter) => limiter[limited] || []) : []
  const said = found.name === undefined ? why : `${found.name}: ${why}`
  return { method, path, kind, limiters, read: limitsOf('read'), write: limitsOf('write'), state, why: said }
}

/** Leaves out the limiters of other paths, as far as asking the layers tells. */
function mayApply(way: RoutePath): (guard: PlacedLimiter) => boolean {
  const walks = walksAlong(way)
  return (guard) => walks.length === 0 || !walks.every(({ rests }) => passesBy(guard, rests))
}

interface Walk {
  readonly probe: string
  readonly rests: readonly string[]
}

/** Paths that lead to the end of a way, with what is left of them at each router. */
function walksAlong(way: RoutePath): readonly Walk[] {
  return probesFor(way).flatMap((probe) => {
    const rests = walkRoutePath(way, probe)
    return rests === undefined ? [] : [{ probe, rests }]
  })
}

function describe(guard: PlacedLimiter): LimiterDescription {
  return guard.description
}

function classVerdict(endpoint: Endpoint, limited: LimitedClass, trustSkip: boolean): Finding {
  const met = endpoint.guards.filter((guard) => endpoint.requestMethods.every(guard.meets))
  const relevant = met.filter(({ description }) => canLimit(description, limited))
  const reasons = relevant.map((guard) => reasonAgainst(guard, endpoint, trustSkip))
  const proven = relevant.filter((_, index) => reasons[index] === undefined)
  const enforcing = proven.find(({ description }) => description.mode === 'enforce')
  if (enforcing !== undefined) return { state: 'limited', why: `${called(enforcing)} stands before it` }
  const shadow = proven[0]
  if (shadow !== undefined) {
    return { state: 'shadow', why: `${called(shadow)} stands before it in shadow mode, and refuses nobody` }
  }
  const way = relevant.length === 0 ? whyNone(endpoint, met, limited) : escapeFrom(relevant, endpoint)
  if (way !== undefined) return { state: 'unlimited', why: way }
  return {
    state: 'not-proven',
    why: subAppHint(endpoint, reasons.at(-1) ?? ''),
  }
}

function canLimit(description: LimiterDescription, limited: LimitedClass): boolean {
  if (description[limited] !== false) return true
  return description.classifiedBy === 'function' && (description.read || description.write) !== false
}

/** Why a guard that takes requests of this class and method proves nothing; undefined when it does. */
function reasonAgainst(guard: PlacedLimiter, endpoint: Endpoint, trustSkip: boolean): string | undefined {
  const { description } = guard
  const doubt = doubtOf(guard, endpoint)
  if (doubt !== undefined) return doubt
  const isHalf = description.read === false || description.write === false
  if (isHalf && description.classifiedBy === 'function') {
    return `${called(guard)} leaves one class unlimited, and its classify function decides which requests are in it`
  }
  if (isHalf && guard.rewrittenBy !== undefined) return rewritten(guard)
  if (description.canSkip && !trustSkip) {
    return `the skip function of ${called(guard)} can wave requests through (trustSkip accepts that)`
  }
  return undefined
}

/** Why a guard may not stand before the endpoint at all. */
function doubtOf(guard: PlacedLimiter, endpoint: Endpoint): string | undefined {
  if (!endpoint.requestMethods.every(guard.meets)) return `${called(guard)} runs for other methods`
  if (guard.doubt !== undefined) return `${called(guard)}: ${guard.doubt}`
  if (guard.leftBy !== undefined && guard.depth === endpoint.endOf) {
    return `${guard.leftBy} stands before ${called(guard)} and can send requests to the end of the router`
  }
  const isOfRoute = guard.pattern?.end === true
  if (isOfRoute && guard.rewrittenBy !== undefined) return rewritten(guard)
  if (coversPaths(guard, endpoint.way)) return undefined
  if (guard.rewrittenBy !== undefined) return rewritten(guard)
  return `it cannot be shown that every request for it passes ${called(guard)}, which is mounted on ${mountsOf(guard)}${forgotten(guard, endpoint)}`
}

function forgotten({ pattern }: PlacedLimiter, { way }: Endpoint): string {
  const isForgotten = [pattern, ...way.map((step) => step.pattern)].some((one) => one?.askable === true)
  return isForgotten ? '; this version of Express forgets mount paths, Express 5.3 keeps them' : ''
}

function rewritten(guard: PlacedLimiter): string {
  return `${guard.rewrittenBy} stands between ${called(guard)} and it, and may change the path or the method of requests`
}

/** A path that leads here past every guard, found by asking the layers. */
function escapeFrom(relevant: readonly PlacedLimiter[], { way, kind }: Endpoint): string | undefined {
  if (kind === 'sub-app') return undefined
  const walk = walksAlong(way).find(({ rests }) => relevant.every((guard) => passesBy(guard, rests)))
  if (walk === undefined) return undefined
  const names = [...new Set(relevant.map(called))].join(' and ')
  return `a request for ${walk.probe} reaches it and passes ${names} by`
}

function passesBy({ pattern, depth }: PlacedLimiter, rests: readonly string[]): boolean {
  const rest = rests[depth]
  return pattern !== undefined && rest !== undefined && takes(pattern, rest) === undefined
}

function whyNone(
  endpoint: Endpoint,
  met: readonly PlacedLimiter[],
  limited: LimitedClass,
): string | undefined {
  if (endpoint.kind === 'sub-app') return undefined
  const off = met.at(-1)
  if (off !== undefined) return `${called(off)} does not limit ${limited}s (${limited}: false)`
  const other = endpoint.guards.at(-1)
  if (other !== undefined) return `${called(other)} runs for other methods`
  const late = endpoint.later === undefined ? '' : `: limiter '${endpoint.later}' comes after it`
  return `no limiter stands before it${late}`
}

function subAppHint({ kind }: Endpoint, reason: string): string {
  if (kind !== 'sub-app') return reason
  const before = reason === '' ? 'no limiter stands before this app' : reason
  return `${before}; what is inside cannot be seen from here, so call auditRoutes with the mounted app itself`
}

function called({ description }: PlacedLimiter): string {
  return `limiter '${description.name}'`
}

function mountsOf({ pattern }: PlacedLimiter): string {
  return pattern?.alternatives.map(({ shown }) => shown).join(', ') ?? '/'
}
