import { mountsFromRegexp } from './express4-regexp.ts'
import { type Dialect, type PatternOptions, parsePath, type Segment } from './path-segment.ts'
import type { Layer, LayerMatch, RouterLike } from './router-stack.ts'

/** How the report shows a mount whose path this version of Express does not keep. */
export const UNKNOWN_MOUNT = '(unknown mount)'

/** One path of a layer. A layer that was given an array has several. */
export interface PathPattern {
  /** The path as the report shows it: as written, or as well as it can be read back. */
  readonly displayPath: string
  /** It was given as a string, and the string is known. */
  readonly isString: boolean
  /** Each list of segments that the path can stand for; undefined where the path cannot be read. */
  readonly variants: readonly (readonly Segment[])[] | undefined
}

/** Which paths a layer matches. */
export interface LayerPattern {
  readonly layer: Layer
  readonly matchesEverything: boolean
  /** It matches whole paths, as routes do. A mount also matches everything below its path. */
  readonly matchesWholePath: boolean
  readonly caseSensitive: boolean
  /** A path with a trailing slash is another path. Only routes can have this. */
  readonly strict: boolean
  readonly alternatives: readonly PathPattern[]
  /**
   * Only the matcher is left of the paths, and it may be made from strings: then its answers can prove
   * something.
   */
  readonly isMatcherOnly: boolean
}

/** Reads the paths of a layer of `router`. */
export function patternOf(layer: Layer, router: RouterLike): LayerPattern {
  const matchesWholePath = layer.route !== undefined
  const strict = matchesWholePath && router.strict === true
  const caseSensitive = isCaseSensitive(layer, router)
  const fixed = { layer, matchesWholePath, strict, caseSensitive }
  if (layer.slash === true || layer.regexp?.fast_slash === true || layer.regexp?.fast_star === true) {
    const displayPath = layer.regexp?.fast_star === true ? '*' : '/'
    const alternatives = [{ displayPath, isString: true, variants: [[]] }]
    return { ...fixed, matchesEverything: true, alternatives, isMatcherOnly: false }
  }
  const paths = writtenPaths(layer)
  if (paths === undefined) {
    const isMatcherOnly = layer.regexp === undefined
    const displayPath = layer.regexp === undefined ? UNKNOWN_MOUNT : String(layer.regexp)
    const alternatives = [{ displayPath, isString: false, variants: undefined }]
    return { ...fixed, matchesEverything: false, alternatives, isMatcherOnly }
  }
  const options = { dialect: dialectOf(layer), caseSensitive, strict }
  const alternatives = paths.map((path) => readPath(path, options, matchesWholePath))
  return { ...fixed, matchesEverything: false, alternatives, isMatcherOnly: false }
}

function dialectOf(layer: Layer): Dialect {
  return layer.regexp === undefined ? 5 : 4
}

function isCaseSensitive(layer: Layer, router: RouterLike): boolean {
  return layer.regexp === undefined ? router.caseSensitive === true : !layer.regexp.flags.includes('i')
}

/** The paths as they were given; undefined where only a matcher is left. */
function writtenPaths(layer: Layer): readonly unknown[] | undefined {
  const given = layer.route?.path ?? layer.rawPath
  if (given !== undefined) return Array.isArray(given) ? given.flat(Number.POSITIVE_INFINITY) : [given]
  return layer.regexp === undefined ? undefined : mountsFromRegexp(layer.regexp, layer.keys ?? [])
}

function readPath(path: unknown, options: PatternOptions, matchesWholePath: boolean): PathPattern {
  if (typeof path !== 'string') return { displayPath: String(path), isString: false, variants: undefined }
  // In an array given to `use`, Express 5 takes '/' for that one path and not for everything.
  const isOnlyRoot = options.dialect === 5 && !matchesWholePath && path === '/'
  return { displayPath: path, isString: true, variants: isOnlyRoot ? undefined : parsePath(path, options) }
}

/** Whether matching a layer cannot raise an error and does not depend on what a parameter decodes to. */
export function matchCannotFail({ layer, matchesEverything, alternatives }: LayerPattern): boolean {
  // `*` of Express 4 is a parameter, and '/%ff' does not decode.
  if (matchesEverything) return layer.regexp?.fast_star !== true
  return alternatives.every(({ variants }) =>
    variants?.every((segments) => segments.every(({ kind }) => kind === 'text')),
  )
}

/**
 * What part of a path a layer matches, or undefined. It asks the layer's own matcher, as the layer's router
 * does.
 *
 * The router skips a mount whose match does not stop at a slash, whatever the matcher answers.
 */
export function matchLayer(pattern: LayerPattern, path: string): LayerMatch | undefined {
  const match = askMatcher(pattern, path)
  if (match === undefined || pattern.matchesWholePath || match.path === '') return match
  const next = path[match.path.length]
  const stops = next === undefined || next === '/' || (next === '.' && pattern.layer.regexp !== undefined)
  return path.startsWith(match.path) && stops ? match : undefined
}

function askMatcher(
  { layer, matchesEverything, matchesWholePath }: LayerPattern,
  path: string,
): LayerMatch | undefined {
  // `*` of Express 4 matches all of the path, `/` none of it.
  if (matchesEverything) {
    return { path: matchesWholePath || layer.regexp?.fast_star === true ? path : '', params: {} }
  }
  try {
    if (layer.regexp !== undefined) return matchRegexp(layer.regexp, path)
    for (const matcher of layer.matchers ?? []) {
      const match = matcher(path)
      if (match !== false) return match
    }
  } catch {
    // A parameter that does not decode: the router raises an error and skips the layer.
  }
  return undefined
}

function matchRegexp(regexp: RegExp, path: string): LayerMatch | undefined {
  // A copy, because a global or sticky expression keeps its position between calls.
  const match = new RegExp(regexp.source, regexp.flags).exec(path)
  return match === null ? undefined : { path: match[0], params: {} }
}
