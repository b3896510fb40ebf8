/**
 * A part of a path pattern between two slashes. `text` matches itself, `param` one segment that is not
 * empty, `rest` (always the last) one segment or more; what `odd` matches is not looked into.
 */
export interface Segment {
  readonly kind: 'text' | 'param' | 'rest' | 'odd'
  /** As written in the pattern. */
  readonly source: string
  /** Whether the case of letters counts. */
  readonly sensitive: boolean
}

/** Which of the two pattern languages: path-to-regexp 0.1 of Express 4, or 8 of Express 5. */
export type Dialect = 4 | 5

/** What the router that holds a layer was told. */
export interface PatternOptions {
  readonly dialect: Dialect
  readonly sensitive: boolean
  readonly strict: boolean
}

/** More alternatives than this in one path are not looked into. */
export const MOST_VARIANTS = 64

/**
 * The ways in which a path pattern can be taken, each as its segments; undefined when the pattern holds
 * something that cannot be cut at the slashes.
 */
export function parsePath(path: string, options: PatternOptions): readonly Segment[][] | undefined {
  if (options.dialect === 4) return parseOld(path, options)
  if (/["\\]/.test(path)) return undefined
  const written = options.strict || path === '/' ? path : path.replace(/\/+$/, '')
  const variants = expandGroups(written)
  if (variants === undefined || variants.length > MOST_VARIANTS) return undefined
  return allOrNone(variants.map((variant) => cut(variant, options, segmentOfNew)))
}

function parseOld(path: string, options: PatternOptions): readonly Segment[][] | undefined {
  // A bar outside of parentheses splits the whole pattern; `?` or `{` after a slash makes the slash optional.
  if (path.replace(/\([^()]*\)/g, '').includes('|') || /\/[?{]/.test(path)) return undefined
  const written = options.strict || path === '/' ? path : path.replace(/\/$/, '')
  return allOrNone([cut(written, options, segmentOfOld)])
}

function allOrNone(variants: readonly (Segment[] | undefined)[]): Segment[][] | undefined {
  const known = variants.filter((variant) => variant !== undefined)
  return known.length === variants.length ? known : undefined
}

type KindOf = (source: string, isLast: boolean) => Segment['kind']

function cut(path: string, { sensitive }: PatternOptions, kindOf: KindOf): Segment[] | undefined {
  if (path === '' || path === '/') return []
  if (!path.startsWith('/')) return undefined
  const sources = path.slice(1).split('/')
  return sources.map((source, index) => ({
    kind: kindOf(source, index === sources.length - 1),
    source,
    sensitive,
  }))
}

function segmentOfNew(source: string, isLast: boolean): Segment['kind'] {
  if (!/[:*()[\]+?!{}]/.test(source)) return 'text'
  if (/^:[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u.test(source)) return 'param'
  return isLast && /^\*[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u.test(source) ? 'rest' : 'odd'
}

function segmentOfOld(source: string, isLast: boolean): Segment['kind'] {
  // Only characters that mean nothing in a regular expression, or that path-to-regexp 0.1 escapes.
  if (/^[\w\-.~!@,;=&'%]*$/.test(source)) return 'text'
  if (/^:\w+$/.test(source)) return 'param'
  return isLast && source === '*' ? 'rest' : 'odd'
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
  if ((inner.length + 1) * after.length > MOST_VARIANTS) return undefined
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
