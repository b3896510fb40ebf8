import { type LayerPattern, type PathPattern, takes } from './layer-pattern.ts'
import { MOST_VARIANTS, type Segment } from './path-segment.ts'

/** A layer on the way to an endpoint, with the one of its paths that is looked at. */
export interface Step {
  readonly pattern: LayerPattern
  readonly path: PathPattern
}

/** The way to an endpoint: one step for each router, outermost first. */
export type RoutePath = readonly Step[]

/** The paths of a way that are known from its start up to the first part that cannot be read. */
export interface KnownPath {
  readonly segments: readonly Segment[]
  /** Nothing can follow but a slash. */
  readonly end: boolean
  /** A trailing slash makes another path. */
  readonly strict: boolean
  /** Starts with a slash for certain; `OPTIONS *` does not. */
  readonly anchored: boolean
  /** How many segments stand one after the other with exactly one slash between them. */
  readonly fixedPrefix: number
  /** How many segments the first mount or route on the way has. */
  readonly first: number
}

/** Every known path of a way; undefined when they are too many. */
export function knownPaths(way: RoutePath): readonly KnownPath[] | undefined {
  let paths: readonly OpenPath[] = [START]
  for (const [index, step] of way.entries()) {
    const isLast = index === way.length - 1
    paths = paths.flatMap((path) => (path.open ? append(path, step, isLast) : [path]))
    if (paths.length > MOST_VARIANTS) return undefined
  }
  return paths
}

interface OpenPath extends KnownPath {
  /** The next step can still be added. */
  readonly open: boolean
}

const START: OpenPath = {
  segments: [],
  end: false,
  strict: false,
  anchored: false,
  fixedPrefix: 0,
  first: 0,
  open: true,
}

function append(path: OpenPath, { pattern, path: own }: Step, isLast: boolean): readonly OpenPath[] {
  // `use('*')` of Express 4 swallows the whole path: what follows it matches a path that nobody asked for.
  const isSwallowed = pattern.any && !pattern.end && pattern.layer.regexp?.fast_star === true
  if (isSwallowed) return [{ ...path, open: false }]
  if (pattern.any) return [path]
  if (own.variants === undefined) return [{ ...path, open: false }]
  return own.variants.map((variant) => {
    const segments = [...path.segments, ...variant]
    // A mount of Express 4 swallows one slash more than it must, so that '/a//b' is '/b' below '/a'.
    const isLoose = pattern.layer.regexp !== undefined && path.segments.length > 0
    // Below a mount, the root route of Express 5 answers '//' too.
    const isDoubtfulEnd = path.segments.length > 0 && variant.length === 0
    return {
      segments,
      end: isLast && pattern.end && !isDoubtfulEnd,
      strict: pattern.strict && path.segments.length === 0,
      anchored: true,
      fixedPrefix: isLoose ? path.fixedPrefix : segments.length,
      first: path.first > 0 ? path.first : variant.length,
      open: true,
    }
  })
}

/** Words that no pattern contains by chance. */
const WORDS = ['x7q2k9w4', 'z3m8v5t1']
const FALLBACK_PROBES = ['/', `/${WORDS[0]}`, `/${WORDS[0]}/${WORDS[1]}`, '*']

/** Paths that may lead to the end of the way; those that really do are the ones that {@link walkRoutePath} takes. */
export function probesFor(way: RoutePath): readonly string[] {
  const probes = (knownPaths(way) ?? []).flatMap(({ segments }) => {
    const texts = segments.map((segment, index) => instance(segment, index))
    const plain = `/${texts.join('/')}`
    const upper = `/${segments.map((one, i) => (one.kind === 'text' ? texts[i]?.toUpperCase() : texts[i])).join('/')}`
    const doubled = texts
      .slice(1)
      .map((_, i) => `/${texts.slice(0, i + 1).join('/')}//${texts.slice(i + 1).join('/')}`)
    return [plain, upper, `${plain}/`, `${plain}//`, ...doubled, `${plain}/${WORDS[1]}`]
  })
  return [...new Set([...probes, ...FALLBACK_PROBES])]
}

function instance({ kind, source }: Segment, index: number): string {
  return kind === 'text' ? source : `${WORDS[0]}${index}`
}

/**
 * What is left of a path at each router of a way, the first being the path itself; undefined when the path
 * does not lead to the end of the way.
 */
export function walkRoutePath(way: RoutePath, path: string): readonly string[] | undefined {
  const rests = [path]
  let rest = path
  for (const { pattern } of way) {
    const match = takes(pattern, rest)
    if (match === undefined) return undefined
    rest = rest.slice(match.path.length)
    if (!rest.startsWith('/') && match.path !== '') rest = `/${rest}`
    rests.push(rest)
  }
  return rests
}
