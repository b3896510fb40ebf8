import fc from 'fast-check'

/** What `use` and the methods of a router are given. */
export type Paths = string | RegExp | readonly (string | RegExp)[] | undefined
type Handler = 'limiter' | 'reads only' | 'pass'
type Verb = 'get' | 'post' | 'head' | 'all'

/** A part of a random app. */
export type Part =
  | { readonly is: 'limiter'; readonly paths: Paths; readonly readsOnly: boolean }
  | {
      readonly is: 'route'
      readonly paths: Paths
      readonly verb: Verb
      readonly handlers: readonly Handler[]
      readonly ends: boolean
    }
  | {
      readonly is: 'router'
      readonly paths: Paths
      readonly parts: readonly Part[]
      readonly sensitive: boolean
      readonly strict: boolean
      readonly callback: boolean
    }
  | { readonly is: 'middleware' | 'recovery' | 'rewriter' | 'endpoint' | 'sub-app'; readonly paths: Paths }

const COMMON = ['/', '/a', '/b', '/a/b', '/A/b', '/:x', '/a/:x', '/:x/b', '/a/']
const ONLY_OLD = [
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
const ONLY_NEW = [
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

/** What the audit reads back from the regular expression of an Express 4 mount. */
export const READABLE_OLD: readonly (string | RegExp)[] = [
  ...COMMON,
  '/*',
  '/a/*',
  '/a.b',
  ...REGEXPS.slice(-1),
]

/** Random apps for one version: routers three deep, in any order, with every kind of path it takes. */
export function randomParts(major: 4 | 5): fc.Arbitrary<readonly Part[]> {
  const text = fc.constantFrom(...COMMON, ...COMMON, ...COMMON, ...(major === 4 ? ONLY_OLD : ONLY_NEW))
  const one = fc.oneof({ weight: 9, arbitrary: text }, { weight: 1, arbitrary: fc.constantFrom(...REGEXPS) })
  const paths = fc.oneof(
    { weight: 8, arbitrary: one },
    { weight: 1, arbitrary: fc.array(one, { minLength: 2, maxLength: 2 }) },
  )
  const mount = fc.oneof({ weight: 1, arbitrary: fc.constant(undefined) }, { weight: 2, arbitrary: paths })
  const handlers = fc.array(fc.constantFrom<Handler>('limiter', 'pass', 'reads only'), { maxLength: 2 })
  const limiter = fc.record({
    is: fc.constant('limiter' as const),
    paths: mount,
    readsOnly: fc.nat(5).map((n) => n === 0),
  })
  const route = fc.record({
    is: fc.constant('route' as const),
    paths,
    handlers,
    ends: fc.nat(3).map((n) => n > 0),
    verb: fc.constantFrom<Verb>('get', 'get', 'post', 'all', 'head'),
  })
  const other = fc.record({
    is: fc.constantFrom(
      'middleware' as const,
      'recovery' as const,
      'rewriter' as const,
      'endpoint' as const,
      'sub-app' as const,
    ),
    paths: mount,
  })
  const partsAt = (depth: number): fc.Arbitrary<Part[]> => {
    const routers = fc.record({
      is: fc.constant('router' as const),
      paths: mount,
      parts: depth === 3 ? fc.constant([]) : partsAt(depth + 1),
      sensitive: fc.boolean(),
      strict: fc.boolean(),
      callback: fc.nat(4).map((n) => n === 0),
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
