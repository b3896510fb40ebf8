import fc from 'fast-check'

/** The paths that `use` or a method of a router is called with. */
export type Paths = string | RegExp | readonly (string | RegExp)[] | undefined
type Handler = 'limiter' | 'reads only' | 'pass'
type Verb = 'get' | 'post' | 'head' | 'all'

/** A part of a random app. */
export type Part =
  | { readonly kind: 'limiter'; readonly paths: Paths; readonly readsOnly: boolean }
  | {
      readonly kind: 'route'
      readonly paths: Paths
      readonly verb: Verb
      readonly handlers: readonly Handler[]
      readonly hasAnswer: boolean
    }
  | {
      readonly kind: 'router'
      readonly paths: Paths
      readonly parts: readonly Part[]
      readonly caseSensitive: boolean
      readonly strict: boolean
      readonly hasParamCallback: boolean
    }
  | {
      readonly kind: 'middleware' | 'error-handler' | 'rewriter' | 'endpoint' | 'sub-app'
      readonly paths: Paths
    }

const COMMON_PATHS = ['/', '/a', '/b', '/a/b', '/A/b', '/:x', '/a/:x', '/:x/b', '/a/']
const EXPRESS_4_PATHS = [
  '/a/:x?',
  '*',
  '/*',
  '/a/*',
  '/:x(\\d+)',
  '/a(b)?',
  '/a?b',
  '/:x-:y',
  '/a|/b',
  '/a.b',
  '/a/?b',
  '/a*b',
]
const EXPRESS_5_PATHS = [
  '/*r',
  '/{*r}',
  '/a{/b}',
  '/a{/:x}',
  '/:x-:y',
  '{/a}',
  '/a/*r',
  '*r',
  '/*r/b',
  '/a.b',
  '/a{/}',
  '/{a}b',
]
const REGEXPS = [
  /^\/a/,
  /a/,
  /.*/,
  /^\/a$/i,
  /^\/(a|b)/i,
  /^\/a\/?$/,
  /(?:)/,
  /^\/b(?=\/|$)/i,
  /^\/a\/?(?=\/|$)/i,
]

/** The paths that the audit can read back from the regular expression of an Express 4 mount. */
export const READABLE_EXPRESS_4_PATHS: readonly (string | RegExp)[] = [
  ...COMMON_PATHS,
  '/*',
  '/a/*',
  '/a.b',
  ...REGEXPS.slice(-1),
]

/**
 * The parts of random apps for one version: routers up to three deep, in any order, with all kinds of paths.
 */
export function randomParts(major: 4 | 5): fc.Arbitrary<readonly Part[]> {
  const text = fc.constantFrom(
    ...COMMON_PATHS,
    ...COMMON_PATHS,
    ...COMMON_PATHS,
    ...(major === 4 ? EXPRESS_4_PATHS : EXPRESS_5_PATHS),
  )
  const onePath = fc.oneof(
    { weight: 9, arbitrary: text },
    { weight: 1, arbitrary: fc.constantFrom(...REGEXPS) },
  )
  const paths = fc.oneof(
    { weight: 8, arbitrary: onePath },
    { weight: 1, arbitrary: fc.array(onePath, { minLength: 2, maxLength: 2 }) },
  )
  const mount = fc.oneof({ weight: 1, arbitrary: fc.constant(undefined) }, { weight: 2, arbitrary: paths })
  const handlers = fc.array(fc.constantFrom<Handler>('limiter', 'pass', 'reads only'), { maxLength: 2 })
  const limiter = fc.record({
    kind: fc.constant('limiter' as const),
    paths: mount,
    readsOnly: fc.nat(5).map((n) => n === 0),
  })
  const route = fc.record({
    kind: fc.constant('route' as const),
    paths,
    handlers,
    hasAnswer: fc.nat(3).map((n) => n > 0),
    verb: fc.constantFrom<Verb>('get', 'get', 'post', 'all', 'head'),
  })
  const other = fc.record({
    kind: fc.constantFrom(
      'middleware' as const,
      'error-handler' as const,
      'rewriter' as const,
      'endpoint' as const,
      'sub-app' as const,
    ),
    paths: mount,
  })
  const partsAt = (depth: number): fc.Arbitrary<Part[]> => {
    const routers = fc.record({
      kind: fc.constant('router' as const),
      paths: mount,
      parts: depth === 3 ? fc.constant([]) : partsAt(depth + 1),
      caseSensitive: fc.boolean(),
      strict: fc.boolean(),
      hasParamCallback: fc.nat(4).map((n) => n === 0),
    })
    const part: fc.Arbitrary<Part> = fc.oneof(
      { weight: 4, arbitrary: limiter },
      { weight: 5, arbitrary: route },
      { weight: 1, arbitrary: other },
      { weight: depth === 3 ? 0 : 4, arbitrary: routers },
    )
    return fc.array(part, { minLength: depth === 0 ? 3 : 1, maxLength: 6, size: 'max' })
  }
  return partsAt(0)
}
