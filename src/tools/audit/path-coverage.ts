import type { PlacedLimiter } from './guard.ts'
import { type LayerPattern, takes } from './layer-pattern.ts'
import type { Segment } from './path-segment.ts'
import { type KnownPath, knownPaths, type RoutePath } from './route-path.ts'

/**
 * Whether every request that goes this way is one that the guard's layer takes. `false` only says that it
 * could not be shown.
 *
 * @param way from the outermost router to the endpoint
 */
export function coversPaths(guard: PlacedLimiter, way: RoutePath): boolean {
  const { pattern } = guard
  if (pattern === undefined || pattern.any) return true
  const rest = way.slice(guard.depth, guard.rewrittenAt)
  const paths = knownPaths(rest)
  if (paths === undefined || paths.length === 0) return false
  // What follows a rewritten path is not the path that the guard saw.
  const isCut = guard.rewrittenAt !== undefined
  return paths.every((path) => coversPath(pattern, isCut ? { ...path, end: false } : path))
}

function coversPath(pattern: LayerPattern, path: KnownPath): boolean {
  if (pattern.askable) return asked(pattern, path)
  // A mount asks its paths in turn and stays with the first that matches, even where the router then finds
  // that the match of a regular expression does not stop at a slash, and passes the layer over.
  const firstOdd = pattern.end ? -1 : pattern.alternatives.findIndex(({ variants }) => variants === undefined)
  const usable = firstOdd === -1 ? pattern.alternatives : pattern.alternatives.slice(0, firstOdd)
  return usable.some(({ shown, variants }) => {
    // The route '/' of Express 5 answers '//' too, other spellings of the root do not.
    if (pattern.end && path.segments.length === 0 && shown !== '/') return false
    return variants?.some((segments) => contains(segments, pattern, path))
  })
}

function contains(own: readonly Segment[], pattern: LayerPattern, path: KnownPath): boolean {
  if (!path.anchored || own.length > path.fixedPrefix) return false
  const last = own.at(-1)
  const isRest = last?.kind === 'rest'
  if (pattern.end && !isRest) {
    if (!path.end || own.length !== path.segments.length || (pattern.strict && !path.strict)) return false
  }
  if (everyPlain(own, path.segments)) return true
  return own.length <= path.first && sameSource(own, path.segments)
}

/** One pattern is written as the start of the other: no need to know what it means. */
function sameSource(own: readonly Segment[], other: readonly Segment[]): boolean {
  return own.every(({ source, sensitive }, index) => {
    const theirs = other[index]
    return theirs !== undefined && theirs.source === source && theirs.sensitive === sensitive
  })
}

function everyPlain(own: readonly Segment[], other: readonly Segment[]): boolean {
  return own.every((segment, index) => {
    const theirs = other[index]
    if (theirs === undefined) return false
    const isOne = (theirs.kind === 'text' && theirs.source !== '') || theirs.kind === 'param'
    if (segment.kind === 'rest') return isOne || theirs.kind === 'rest'
    if (segment.kind === 'param') return isOne
    return segment.kind === 'text' && theirs.kind === 'text' && sameText(segment, theirs)
  })
}

function sameText(own: Segment, theirs: Segment): boolean {
  if (own.source === theirs.source) return !own.sensitive || theirs.sensitive
  // Only where upper and lower case are pairs and nothing else.
  const isAscii = /^[ -~]*$/.test(own.source + theirs.source)
  return !own.sensitive && isAscii && own.source.toLowerCase() === theirs.source.toLowerCase()
}

/**
 * For mounts whose paths Express 5.0 to 5.2 forgot. A matcher made from a string is asked with words that
 * no pattern contains by chance: what it takes whole, and stops after, it takes whatever the word is.
 */
function asked(pattern: LayerPattern, { segments, fixedPrefix }: KnownPath): boolean {
  const plain = segments.slice(0, fixedPrefix)
  if (pattern.sensitive && plain.some(({ sensitive }) => !sensitive)) return false
  const words = plain.map(({ kind, source }, index) => (kind === 'text' ? source : `w4k9x2q7${index}`))
  if (plain.length === 0 || plain.some(({ kind }) => kind !== 'text' && kind !== 'param')) return false
  const match = takes(pattern, `/${words.join('/')}`)
  // Matchers made from a regular expression answer with ordinary objects, and prove nothing.
  if (match === undefined || Object.getPrototypeOf(match.params) !== null) return false
  const taken = match.path.split('/').length - 1
  const stops = match.path === `/${words.slice(0, taken).join('/')}`
  return stops && Object.values(match.params).every((value) => words.includes(value as string))
}
