/*
 * Proves that every request for a route meets a limiter.
 *
 * Twin: Express
 */
import { type LayerPattern, matchLayer } from './layer-pattern.ts'
import type { Segment } from './path-segment.ts'
import type { PlacedLimiter } from './placed-limiter.ts'
import { type KnownPath, knownPaths, type RoutePath } from './route-path.ts'

/**
 * Whether the limiter's layer matches every request that matches the route path. `false` means only that this
 * could not be proven.
 *
 * @param routePath from the outermost router to the endpoint
 */
export function coversRoutePath(limiter: PlacedLimiter, routePath: RoutePath): boolean {
  const { pattern, depth, rewriteDepth } = limiter
  if (pattern === undefined || pattern.matchesEverything) return true
  const paths = knownPaths(routePath.slice(depth, rewriteDepth))
  if (paths === undefined || paths.length === 0) return false
  // The limiter did not see the path that the layers after the rewrite match.
  const isRewritten = rewriteDepth !== undefined
  return paths.every((path) => coversPath(pattern, isRewritten ? { ...path, isComplete: false } : path))
}

function coversPath(pattern: LayerPattern, path: KnownPath): boolean {
  if (pattern.isMatcherOnly) return matcherCovers(pattern, path)
  // A mount tries its paths in turn and stops at the first that matches, even where the router then finds
  // that the match of a regular expression does not stop at a slash, and skips the layer.
  const firstUnreadable = pattern.matchesWholePath
    ? -1
    : pattern.alternatives.findIndex(({ variants }) => variants === undefined)
  const usable =
    firstUnreadable === -1 ? pattern.alternatives : pattern.alternatives.slice(0, firstUnreadable)
  return usable.some(({ displayPath, variants }) => {
    // The route '/' of Express 5 answers '//' too, other spellings of the root do not.
    if (pattern.matchesWholePath && path.segments.length === 0 && displayPath !== '/') return false
    return variants?.some((segments) => variantCovers(segments, pattern, path))
  })
}

function variantCovers(variant: readonly Segment[], pattern: LayerPattern, path: KnownPath): boolean {
  if (!path.startsWithSlash || variant.length > path.fixedPrefixLength) return false
  const endsInWildcard = variant.at(-1)?.kind === 'wildcard'
  if (pattern.matchesWholePath && !endsInWildcard) {
    const hasSameEnd = path.isComplete && variant.length === path.segments.length
    if (!hasSameEnd || (pattern.strict && !path.strict)) return false
  }
  if (everySegmentCovers(variant, path.segments)) return true
  return variant.length <= path.firstStepLength && isSameSource(variant, path.segments)
}

/** The variant is written like the start of the path: then it matches whatever the pattern means. */
function isSameSource(variant: readonly Segment[], segments: readonly Segment[]): boolean {
  return variant.every(({ source, caseSensitive }, index) => {
    const segment = segments[index]
    return segment !== undefined && segment.source === source && segment.caseSensitive === caseSensitive
  })
}

function everySegmentCovers(variant: readonly Segment[], segments: readonly Segment[]): boolean {
  return variant.every((own, index) => {
    const segment = segments[index]
    if (segment === undefined) return false
    const isOneSegment = (segment.kind === 'text' && segment.source !== '') || segment.kind === 'param'
    if (own.kind === 'wildcard') return isOneSegment || segment.kind === 'wildcard'
    if (own.kind === 'param') return isOneSegment
    return own.kind === 'text' && segment.kind === 'text' && textCovers(own, segment)
  })
}

function textCovers(own: Segment, segment: Segment): boolean {
  if (own.source === segment.source) return !own.caseSensitive || segment.caseSensitive
  // ASCII only: there upper and lower case are exact pairs.
  const isAscii = /^[ -~]*$/.test(own.source + segment.source)
  return !own.caseSensitive && isAscii && own.source.toLowerCase() === segment.source.toLowerCase()
}

/**
 * For mounts whose paths Express 5.0 to 5.2 do not keep. It asks a matcher that was made from a string with
 * words that no pattern contains by chance: where the matcher matches such a word as a whole and stops after
 * it, it matches every word there.
 */
function matcherCovers(pattern: LayerPattern, { segments, fixedPrefixLength }: KnownPath): boolean {
  const fixedSegments = segments.slice(0, fixedPrefixLength)
  if (pattern.caseSensitive && fixedSegments.some(({ caseSensitive }) => !caseSensitive)) return false
  const words = fixedSegments.map(({ kind, source }, i) => (kind === 'text' ? source : `w4k9x2q7${i}`))
  const isPlain = fixedSegments.every(({ kind }) => kind === 'text' || kind === 'param')
  if (fixedSegments.length === 0 || !isPlain) return false
  const match = matchLayer(pattern, `/${words.join('/')}`)
  // A matcher made from a string answers with params that have no prototype. One made from a regular
  // expression answers with an ordinary object, and its answer proves nothing.
  if (match === undefined || Object.getPrototypeOf(match.params) !== null) return false
  const matchedCount = match.path.split('/').length - 1
  const stopsAfterWord = match.path === `/${words.slice(0, matchedCount).join('/')}`
  return stopsAfterWord && Object.values(match.params).every((value) => words.includes(value as string))
}
