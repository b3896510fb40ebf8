import { describeLimiter } from '../../limits/limiter-description.ts'
import type { PlacedLimiter } from './guard.ts'
import { type LayerPattern, type PathPattern, UNKNOWN_MOUNT } from './layer-pattern.ts'
import { middlewareKind } from './middleware-kind.ts'
import type { RoutePath } from './route-path.ts'
import type { RouteEntry } from './route-report.ts'
import type { Layer, RouterLike } from './router-stack.ts'

/** What the whole walk collects. */
export interface Findings {
  readonly trustSkip: boolean
  readonly routes: RouteEntry[]
}

/** Where a router stands. */
export interface RouterLocation {
  readonly way: RoutePath
  /** The way as people write it: `/api/v1`, empty at the top. */
  readonly shown: string
  /** A param callback that runs on the way, before this router is entered. */
  readonly callback: string | undefined
  /** The routers around this one; one that is mounted in itself is not walked again. */
  readonly around: readonly RouterLike[]
}

/** One router while it is walked: what stands before the layer that is looked at. */
export interface Level {
  readonly router: RouterLike
  readonly place: RouterLocation
  readonly depth: number
  readonly guards: PlacedLimiter[]
  /** Limiters that every request to this router meets first, whatever it does next. */
  readonly fixedPrefix: PlacedLimiter['description'][]
  /** So far nothing but limiters: no error can have been raised, nobody can have left the router. */
  clean: boolean
  /** The last function that changes the path or the method of requests. */
  rewriter: string | undefined
  /** The first function that lets requests leave the router before its end. */
  leaver: string | undefined
  /** Routes that look limited, and whose OPTIONS requests the router itself answers at its end. */
  readonly answersOptions: Map<string, RoutePath>
}

/** A level at its start, with the guards that stand before the router. */
export function enter(router: RouterLike, place: RouterLocation, guards: readonly PlacedLimiter[]): Level {
  return {
    router,
    place,
    depth: place.way.length,
    guards: [...guards],
    fixedPrefix: [],
    clean: true,
    rewriter: undefined,
    leaver: undefined,
    answersOptions: new Map(),
  }
}

/** `/api` and `/users` are `/api/users`; the root adds nothing. */
export function joinPaths(before: string, { shown, isText }: PathPattern): string {
  if (shown === '/' || shown === '') return before
  return isText || before === '' ? before + shown : `${before}(${shown})`
}

/** The same for a mount, to which more is added: what is no path is set apart. */
export function joinMounts(before: string, path: PathPattern): string {
  if (path.isText) return joinPaths(before, path).replace(/\/+$/, '')
  return `${before}${path.shown === UNKNOWN_MOUNT ? UNKNOWN_MOUNT : `(${path.shown})`}`
}

/** The param callback of this router that runs for a layer, if any does. */
export function callbackFor(
  { params }: RouterLike,
  { layer, any, alternatives }: LayerPattern,
): string | undefined {
  const names = Object.keys(params ?? {})
  if (names.length === 0 || any) return undefined
  if (layer.regexp !== undefined)
    return layer.keys?.map(({ name }) => String(name)).find((key) => names.includes(key))
  const isReadable = alternatives.every(({ variants }) => variants !== undefined)
  // Where the parameters cannot be read, any callback may be one for them.
  if (!isReadable) return names[0]
  return names.find((name) =>
    alternatives.some(({ shown }) => new RegExp(`[:*]${quoteForRegexp(name)}(?![\\w$])`).test(shown)),
  )
}

function quoteForRegexp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

/** Why a guard at this layer may come too late, or be passed over: a param callback that runs before it. */
export function callbackDoubt({ place, router }: Level, pattern?: LayerPattern): string | undefined {
  const name = place.callback ?? (pattern === undefined ? undefined : callbackFor(router, pattern))
  return name === undefined ? undefined : `the callback of param '${name}' runs before it, and may answer`
}

/** Whether matching a layer can neither fail nor depend on what a parameter decodes to. */
export function cannotFail({ layer, any, alternatives }: LayerPattern): boolean {
  // `*` of Express 4 is a parameter, and '/%ff' does not decode.
  if (any) return layer.regexp?.fast_star !== true
  return alternatives.every(({ variants }) =>
    variants?.every((one) => one.every(({ kind }) => kind === 'text')),
  )
}

/** The name of a limiter for all paths that stands later in the same router. */
export function laterLimiter({ router }: Level, index: number): string | undefined {
  const isForAll = ({ slash, regexp }: Layer): boolean => slash === true || regexp?.fast_slash === true
  const later = router.stack
    .slice(index + 1)
    .find((layer) => isForAll(layer) && middlewareKind(layer.handle) === 'limiter')
  return describeLimiter(later?.handle)?.name
}
