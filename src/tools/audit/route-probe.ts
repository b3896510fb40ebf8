import { matchLayer } from './layer-pattern.ts'
import type { Segment } from './path-segment.ts'
import type { PlacedLimiter } from './placed-limiter.ts'
import { knownPaths, type RoutePath } from './route-path.ts'

/** A path that is proven, by the layers' own matchers, to lead to the end of a route path. */
export interface RouteProbe {
  readonly path: string
  /** The remaining path in each router of the route path. The first is the path itself. */
  readonly remainders: readonly string[]
}

/** Words that no pattern contains by chance. */
const WORDS = ['x7q2k9w4', 'z3m8v5t1']
const FALLBACK_PATHS = ['/', `/${WORDS[0]}`, `/${WORDS[0]}/${WORDS[1]}`, '*']

/** Paths that lead to the end of a route path. There may be others. */
export function probeRoutePath(routePath: RoutePath): readonly RouteProbe[] {
  return candidatePaths(routePath).flatMap((path) => {
    const remainders = remaindersOf(path, routePath)
    return remainders === undefined ? [] : [{ path, remainders }]
  })
}

/** Whether a request for the path of the probe does not match the layer of a limiter. */
export function skipsLimiter({ remainders }: RouteProbe, { pattern, depth }: PlacedLimiter): boolean {
  const remainder = remainders[depth]
  return pattern !== undefined && remainder !== undefined && matchLayer(pattern, remainder) === undefined
}

/** Paths that may lead to the end of a route path. */
function candidatePaths(routePath: RoutePath): readonly string[] {
  const candidates = (knownPaths(routePath) ?? []).flatMap(({ segments }) => {
    const texts = segments.map((segment, index) => exampleOf(segment, index))
    const plain = `/${texts.join('/')}`
    const upperTexts = segments.map(({ kind }, i) => (kind === 'text' ? texts[i]?.toUpperCase() : texts[i]))
    const doubled = texts
      .slice(1)
      .map((_, i) => `/${texts.slice(0, i + 1).join('/')}//${texts.slice(i + 1).join('/')}`)
    return [plain, `/${upperTexts.join('/')}`, `${plain}/`, `${plain}//`, ...doubled, `${plain}/${WORDS[1]}`]
  })
  return [...new Set([...candidates, ...FALLBACK_PATHS])]
}

function exampleOf({ kind, source }: Segment, index: number): string {
  return kind === 'text' ? source : `${WORDS[0]}${index}`
}

/** The remaining path in each router; undefined when the path does not lead to the end of the route path. */
function remaindersOf(path: string, routePath: RoutePath): readonly string[] | undefined {
  const remainders = [path]
  let remainder = path
  for (const { pattern } of routePath) {
    const match = matchLayer(pattern, remainder)
    if (match === undefined) return undefined
    remainder = remainder.slice(match.path.length)
    if (!remainder.startsWith('/') && match.path !== '') remainder = `/${remainder}`
    remainders.push(remainder)
  }
  return remainders
}
