import { mountsFromRegexp } from './express4-regexp.ts'
import { type Dialect, type PatternOptions, parsePath, type Segment } from './path-segment.ts'
import type { Layer, LayerMatch, RouterLike } from './router-stack.ts'

/** How a mount is shown whose path this version of Express does not keep. */
export const UNKNOWN_MOUNT = '(unknown mount)'

/** One path of a layer; a layer has several where it was given an array. */
export interface PathPattern {
  /** As written, or as well as it can be read back. */
  readonly shown: string
  /** It was given as a string, and not as a regular expression or in a way that is forgotten. */
  readonly isText: boolean
  /** The ways in which it can be taken; undefined where they cannot be told. */
  readonly variants: readonly (readonly Segment[])[] | undefined
}

/** Which paths a layer takes. */
export interface LayerPattern {
  readonly layer: Layer
  /** It takes every request there is. */
  readonly any: boolean
  /** It takes whole paths, as routes do, and not everything below them as mounts do. */
  readonly end: boolean
  /** The case of letters counts. */
  readonly sensitive: boolean
  /** A path with a trailing slash is another path; only routes can be so. */
  readonly strict: boolean
  readonly alternatives: readonly PathPattern[]
  /** Paths unknown, though they were given as strings: then asking the matcher can prove something. */
  readonly askable: boolean
}

/** Reads the paths of a layer of `router`. */
export function patternOf(layer: Layer, router: RouterLike): LayerPattern {
  const end = layer.route !== undefined
  const strict = end && router.strict === true
  const sensitive = isSensitive(layer, router)
  const fixed = { layer, end, strict, sensitive }
  if (layer.slash === true || layer.regexp?.fast_slash === true || layer.regexp?.fast_star === true) {
    const shown = layer.regexp?.fast_star === true ? '*' : '/'
    return { ...fixed, any: true, alternatives: [{ shown, isText: true, variants: [[]] }], askable: false }
  }
  const paths = writtenPaths(layer)
  if (paths === undefined) {
    const shown = layer.regexp === undefined ? UNKNOWN_MOUNT : String(layer.regexp)
    const askable = layer.regexp === undefined
    return { ...fixed, any: false, alternatives: [{ shown, isText: false, variants: undefined }], askable }
  }
  const options = { dialect: dialectOf(layer), sensitive, strict }
  const alternatives = paths.map((path) => readPath(path, options, end))
  return { ...fixed, any: false, alternatives, askable: false }
}

function dialectOf(layer: Layer): Dialect {
  return layer.regexp === undefined ? 5 : 4
}

function isSensitive(layer: Layer, router: RouterLike): boolean {
  return layer.regexp === undefined ? router.caseSensitive === true : !layer.regexp.flags.includes('i')
}

/** The paths as they were given; undefined where only a matcher is left. */
function writtenPaths(layer: Layer): readonly unknown[] | undefined {
  const given = layer.route?.path ?? layer.rawPath
  if (given !== undefined) return Array.isArray(given) ? given.flat(Number.POSITIVE_INFINITY) : [given]
  return layer.regexp === undefined ? undefined : mountsFromRegexp(layer.regexp, layer.keys ?? [])
}

function readPath(path: unknown, options: PatternOptions, end: boolean): PathPattern {
  if (typeof path !== 'string') return { shown: String(path), isText: false, variants: undefined }
  // In an array given to `use`, Express 5 takes '/' for that one path and not for everything.
  const isOnlyRoot = options.dialect === 5 && !end && path === '/'
  return { shown: path, isText: true, variants: isOnlyRoot ? undefined : parsePath(path, options) }
}

/**
 * Asks the layer's own matcher, as its router would: what part of the path it takes, or undefined.
 *
 * A mount whose match does not stop at a slash is passed over, whatever the matcher says.
 */
export function takes(pattern: LayerPattern, path: string): LayerMatch | undefined {
  const match = matchOf(pattern, path)
  if (match === undefined || pattern.end || match.path === '') return match
  const next = path[match.path.length]
  const stops = next === undefined || next === '/' || (next === '.' && pattern.layer.regexp !== undefined)
  return path.startsWith(match.path) && stops ? match : undefined
}

function matchOf({ layer, any, end }: LayerPattern, path: string): LayerMatch | undefined {
  // `*` of Express 4 takes all of the path, `/` none of it.
  if (any) return { path: end || layer.regexp?.fast_star === true ? path : '', params: {} }
  try {
    if (layer.regexp !== undefined) return matchRegexp(layer.regexp, path)
    for (const matcher of layer.matchers ?? []) {
      const match = matcher(path)
      if (match !== false) return match
    }
  } catch {
    // A parameter that does not decode: the router makes an error of it and passes the layer over.
  }
  return undefined
}

function matchRegexp(regexp: RegExp, path: string): LayerMatch | undefined {
  // A copy, since a global or sticky expression remembers where it stopped.
  const match = new RegExp(regexp.source, regexp.flags).exec(path)
  return match === null ? undefined : { path: match[0], params: {} }
}
