import { describeLimiter, type LimiterDescription } from '../../limits/limiter-description.ts'
import {
  callbackDoubt,
  callbackFor,
  cannotFail,
  enter,
  type Findings,
  joinMounts,
  type Level,
  laterLimiter,
} from './audit-level.ts'
import { markRecovery, markRewrite, placeLimiter } from './guard.ts'
import { type LayerPattern, patternOf } from './layer-pattern.ts'
import {
  isExpress4Internal,
  leavesRouter,
  middlewareKind,
  nameOf,
  rewritesRequests,
} from './middleware-kind.ts'
import type { Step } from './route-path.ts'
import type { RouteKind } from './route-report.ts'
import { type Handle, isRouter, type Layer, type RouterLike, routerOfApp } from './router-stack.ts'
import { type Endpoint, judgeRoute } from './verdict.ts'
import { visitRoute } from './visit-route.ts'

/**
 * Goes through a router's stack as a request would.
 *
 * @param listOptions whether the router's automatic answer to OPTIONS is an endpoint of its own; at the top
 *   of an app it is part of the 404
 */
export function walkRouter(level: Level, findings: Findings, listOptions: boolean): void {
  for (const [index, layer] of level.router.stack.entries()) {
    if (isExpress4Internal(layer.handle, index)) continue
    const pattern = patternOf(layer, level.router)
    const later = laterLimiter(level, index)
    if (layer.route !== undefined) visitRoute(level, { layer, pattern, later, route: layer.route }, findings)
    else visitMount(level, { layer, pattern, later }, findings)
  }
  if (listOptions) listOptionsAnswers(level, findings)
}

interface Mount {
  readonly layer: Layer
  readonly pattern: LayerPattern
  readonly later: string | undefined
}

function visitMount(level: Level, mount: Mount, findings: Findings): void {
  const { handle } = mount.layer
  const kind = middlewareKind(handle)
  const isSilent = kind === 'limiter' || kind === 'router' || kind === 'passing'
  if (isSilent && callbackFor(level.router, mount.pattern) !== undefined)
    listMount(level, mount, 'param', findings)
  const description = describeLimiter(handle)
  if (description !== undefined) {
    addGuard(level, mount.pattern, description)
    return
  }
  const router = isRouter(handle) ? handle : routerOfApp(handle)
  if (router !== undefined) visitRouter(level, mount, router, findings)
  else if (kind === 'error-handler') markRecovery(level.guards, level.depth, nameOf(handle))
  else if (kind === 'sub-app' || kind === 'static') listMount(level, mount, kind, findings)
  else if (kind === 'answering' || (kind === 'middleware' && !mount.pattern.any)) {
    listMount(level, mount, 'middleware', findings)
  } else listAhead(level, mount, findings)
  if (router === undefined) noteHabits(level, handle)
  level.clean &&= kind === 'error-handler' && cannotFail(mount.pattern)
}

function noteHabits(level: Level, handle: Handle): void {
  if (rewritesRequests(handle)) noteRewriter(level, nameOf(handle))
  if (leavesRouter(handle)) level.leaver ??= nameOf(handle)
}

function addGuard(level: Level, pattern: LayerPattern, description: LimiterDescription): void {
  const doubt = callbackDoubt(level, pattern)
  const { depth } = level
  const isFirm = level.clean && pattern.any && cannotFail(pattern)
  level.guards.push(
    placeLimiter({
      description,
      depth,
      pattern,
      exposed: !(level.clean && cannotFail(pattern)),
      leftBy: level.leaver,
      doubt,
    }),
  )
  if (isFirm && doubt === undefined) level.fixedPrefix.push(description)
  level.clean &&= cannotFail(pattern)
}

function visitRouter(level: Level, { pattern }: Mount, router: RouterLike, findings: Findings): void {
  const { place } = level
  const around = [...place.around, level.router]
  const callback = place.callback ?? callbackFor(level.router, pattern)
  if (around.includes(router)) {
    listRound(level, pattern, findings)
    return
  }
  let fixedPrefix: readonly LimiterDescription[] = []
  for (const path of pattern.alternatives) {
    const way = [...place.way, { pattern, path }]
    const inner = enter(router, { way, shown: joinMounts(place.shown, path), callback, around }, level.guards)
    walkRouter(inner, findings, true)
    fixedPrefix = inner.fixedPrefix
    if (inner.rewriter !== undefined) noteRewriter(level, inner.rewriter)
  }
  // What every request meets first in there, later layers out here have behind them too.
  for (const description of fixedPrefix) addGuard(level, pattern, description)
}

/** A router mounted in itself has no end of routes. */
function listRound({ place }: Level, pattern: LayerPattern, findings: Findings): void {
  const why = 'this router is mounted in itself, and has no end of routes'
  const nothing = { limiters: [], read: [], write: [], state: 'not-proven', why } as const
  for (const path of pattern.alternatives) {
    const shown = joinMounts(place.shown, path)
    findings.routes.push({ ...nothing, method: 'ALL', path: `${shown}/*`, kind: 'middleware' })
  }
}

function noteRewriter(level: Level, name: string): void {
  level.rewriter = name
  markRewrite(level.guards, level.depth, name)
}

function endpointAt(
  level: Level,
  { layer, pattern, later }: Mount,
  path: Step['path'],
  kind: RouteKind,
): Endpoint {
  const shown = joinMounts(level.place.shown, path)
  const way = [...level.place.way, { pattern, path }]
  const { guards } = level
  const common = { method: 'ALL', path: `${shown}/*`, kind, requestMethods: ['*'], way, guards, later }
  return kind === 'static' || kind === 'middleware' || kind === 'ahead'
    ? { ...common, name: nameOf(layer.handle) }
    : common
}

function listMount(level: Level, mount: Mount, kind: RouteKind, findings: Findings): void {
  for (const path of mount.pattern.alternatives) {
    findings.routes.push(judgeRoute(endpointAt(level, mount, path, kind), findings.trustSkip))
  }
}

/**
 * Lists middleware that runs before any limiter. It mostly hands requests on, and may answer them all the
 * same: a body parser with 400, a check of keys with 401, a proxy with whatever it likes.
 */
function listAhead(level: Level, mount: Mount, findings: Findings): void {
  const name = nameOf(mount.layer.handle)
  for (const path of mount.pattern.alternatives) {
    const entry = judgeRoute(endpointAt(level, mount, path, 'ahead'), findings.trustSkip)
    if (entry.state === 'limited' || entry.state === 'shadow') continue
    const shown = mount.pattern.any && level.place.shown === '' ? '' : `${entry.path} `
    const why = `it may answer by itself, and ${entry.why.replace(`${name}: `, '')}`
    findings.routes.push({ ...entry, path: `${shown}(middleware ${name})`, state: 'not-proven', why })
  }
}

function listOptionsAnswers({ answersOptions, depth, guards }: Level, findings: Findings): void {
  for (const [path, way] of answersOptions) {
    const answer = { method: 'OPTIONS', path, kind: 'options', requestMethods: ['OPTIONS'] } as const
    const entry = judgeRoute({ ...answer, endOf: depth, way, guards }, findings.trustSkip)
    if (entry.state === 'limited' || entry.state === 'shadow') continue
    findings.routes.push({ ...entry, why: `the router itself answers OPTIONS at its end, and ${entry.why}` })
  }
}
