/**
 * A part of a path pattern between two slashes. `text` matches itself, `param` matches one segment that is
 * not empty, `wildcard` (always the last) matches one segment or more. `opaque` is everything else: the audit
 * does not know what it matches.
 */
export interface Segment {
  readonly kind: 'text' | 'param' | 'wildcard' | 'opaque'
  /** As written in the pattern. */
  readonly source: string
  readonly caseSensitive: boolean
}

/** The pattern language: that of path-to-regexp 0.1 (Express 4) or 8 (Express 5). */
export type Dialect = 4 | 5

/** The options of the router that holds a layer. */
export interface PatternOptions {
  readonly dialect: Dialect
  readonly caseSensitive: boolean
  readonly strict: boolean
}

/** The audit does not read a path that can stand for more variants than this. */
export const MAX_VARIANTS = 64

/**
 * Each list of segments that a path pattern can stand for; undefined when the pattern holds something that
 * cannot be split at the slashes.
 */
export function parsePath(path: string, options: PatternOptions): readonly Segment[][] | undefined {
  if (options.dialect === 4) return parseExpress4(path, options)
  if (/["\\]/.test(path)) return undefined
  const written = options.strict || path === '/' ? path : path.replace(/\/+$/, '')
  const variants = expandGroups(written)
  if (variants === undefined || variants.length > MAX_VARIANTS) return undefined
  return allOrNone(variants.map((variant) => splitSegments(variant, options, kindInExpress5)))
}

function parseExpress4(path: string, options: PatternOptions): readonly Segment[][] | undefined {
  // A bar outside of parentheses splits the whole pattern; `?` or `{` after a slash makes the slash optional.
  if (path.replace(/\([^()]*\)/g, '').includes('|') || /\/[?{]/.test(path)) return undefined
  const written = options.strict || path === '/' ? path : path.replace(/\/$/, '')
  return allOrNone([splitSegments(written, options, kindInExpress4)])
}

function allOrNone(variants: readonly (Segment[] | undefined)[]): Segment[][] | undefined {
  const known = variants.filter((variant) => variant !== undefined)
  return known.length === variants.length ? known : undefined
}

type KindOf = (source: string, isLast: boolean) => Segment['kind']

function splitSegments(
  path: string,
  { caseSensitive }: PatternOptions,
  kindOf: KindOf,
): Segment[] | undefined {
  if (path === '' || path === '/') return []
  if (!path.startsWith('/')) return undefined
  const sources = path.slice(1).split('/')
  return sources.map((source, index) => ({
    kind: kindOf(source, index === sources.length - 1),
    source,
    caseSensitive,
  }))
}

function kindInExpress5(source: string, isLast: boolean): Segment['kind'] {
  if (!/[:*()[\]+?!{}]/.test(source)) return 'text'
  if (/^:[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u.test(source)) return 'param'
  return isLast && /^\*[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u.test(source) ? 'wildcard' : 'opaque'
}

function kindInExpress4(source: string, isLast: boolean): Segment['kind'] {
  // Only characters that mean nothing in a regular expression, or that path-to-regexp 0.1 escapes.
  if (/^[\w\-.~!@,;=&'%]*$/.test(source)) return 'text'
  if (/^:\w+$/.test(source)) return 'param'
  return isLast && source === '*' ? 'wildcard' : 'opaque'
}

/** `/a{/b}/c` is `/a/b/c` or `/a/c`. */
function expandGroups(path: string): string[] | undefined {
  const open = path.indexOf('{')
  if (open === -1) return [path]
  const close = closingBrace(path, open)
  if (close === -1) return undefined
  const inner = expandGroups(path.slice(open + 1, close))
  const after = expandGroups(path.slice(close + 1))
  if (inner === undefined || after === undefined) return undefined
  if ((inner.length + 1) * after.length > MAX_VARIANTS) return undefined
  const before = path.slice(0, open)
  return [...inner, ''].flatMap((middle) => after.map((end) => before + middle + end))
}

function closingBrace(path: string, open: number): number {
  let depth = 0
  for (let index = open; index < path.length; index++) {
    if (path[index] === '{') depth++
    if (path[index] === '}' && --depth === 0) return index
  }
  return -1
}
