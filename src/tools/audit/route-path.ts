import type { LayerPattern, PathPattern } from './layer-pattern.ts'
import { MAX_VARIANTS, type Segment } from './path-segment.ts'

/** A layer that a request must match to reach an endpoint, with one of the layer's paths. */
export interface RouteStep {
  readonly pattern: LayerPattern
  readonly path: PathPattern
}

/** The layers that lead to an endpoint: one step for each router, the outermost first. */
export type RoutePath = readonly RouteStep[]

/** The segments of a route path, from its start up to the first part that cannot be read. */
export interface KnownPath {
  readonly segments: readonly Segment[]
  /** After the segments nothing can follow but a slash. */
  readonly isComplete: boolean
  /** A trailing slash makes another path. */
  readonly strict: boolean
  /** The path is certain to start with a slash. The path of `OPTIONS *` does not. */
  readonly startsWithSlash: boolean
  /** How many segments from the start have exactly one slash between them. */
  readonly fixedPrefixLength: number
  /** How many segments the first mount or route has. */
  readonly firstStepLength: number
}

/** Every known path of a route path; undefined when there are too many. */
export function knownPaths(routePath: RoutePath): readonly KnownPath[] | undefined {
  let paths: readonly GrowingPath[] = [EMPTY_PATH]
  for (const [index, step] of routePath.entries()) {
    const isLast = index === routePath.length - 1
    paths = paths.flatMap((path) => (path.canGrow ? append(path, step, isLast) : [path]))
    if (paths.length > MAX_VARIANTS) return undefined
  }
  return paths
}

interface GrowingPath extends KnownPath {
  /** The next step can still be added. */
  readonly canGrow: boolean
}

const EMPTY_PATH: GrowingPath = {
  segments: [],
  isComplete: false,
  strict: false,
  startsWithSlash: false,
  fixedPrefixLength: 0,
  firstStepLength: 0,
  canGrow: true,
}

function append(
  path: GrowingPath,
  { pattern, path: added }: RouteStep,
  isLast: boolean,
): readonly GrowingPath[] {
  // `use('*')` of Express 4 removes the whole path: what follows it matches a path that no client sent.
  const removesWholePath =
    pattern.matchesEverything && !pattern.matchesWholePath && pattern.layer.regexp?.fast_star === true
  if (removesWholePath) return [{ ...path, canGrow: false }]
  if (pattern.matchesEverything) return [path]
  if (added.variants === undefined) return [{ ...path, canGrow: false }]
  return added.variants.map((variant) => {
    const segments = [...path.segments, ...variant]
    // A mount of Express 4 removes one slash more than it must, so that '/a//b' is '/b' below '/a'.
    const mayDoubleSlash = pattern.layer.regexp !== undefined && path.segments.length > 0
    // Below a mount, the root route of Express 5 answers '//' too.
    const mayEndInSlashes = path.segments.length > 0 && variant.length === 0
    return {
      segments,
      isComplete: isLast && pattern.matchesWholePath && !mayEndInSlashes,
      strict: pattern.strict && path.segments.length === 0,
      startsWithSlash: true,
      fixedPrefixLength: mayDoubleSlash ? path.fixedPrefixLength : segments.length,
      firstStepLength: path.firstStepLength > 0 ? path.firstStepLength : variant.length,
      canGrow: true,
    }
  })
}
