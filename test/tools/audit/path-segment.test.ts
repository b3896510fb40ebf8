import { describe, expect, it } from 'vitest'
import { mountsFromRegexp } from '../../../src/tools/audit/express4-regexp.ts'
import { type Dialect, parsePath } from '../../../src/tools/audit/path-segment.ts'
import { EXPRESS_VERSIONS } from './express-versions.ts'

function describeVariants(path: string, dialect: Dialect, strict = false): string[] | undefined {
  const variants = parsePath(path, { dialect, caseSensitive: false, strict })
  return variants?.map((segments) => segments.map(({ kind, source }) => `${kind} ${source}`).join(' | '))
}

describe('parsePath on a path of Express 5', () => {
  it.each<[string, string[] | undefined]>([
    ['/', ['']],
    ['/a.b/:id/', ['text a.b | param :id']],
    ['/a{/:b}/c', ['text a | param :b | text c', 'text a | text c']],
    ['/{a{b}}c', ['text abc', 'text ac', 'text c']],
    ['/x/*rest', ['text x | wildcard *rest']],
    ['/*rest/x', ['opaque *rest | text x']],
    ['/:a-:b', ['opaque :a-:b']],
    ['/:"a/b"', undefined],
    ['*all', undefined],
    [`/${'{a}'.repeat(9)}`, undefined],
  ])('reads %s', (path, variants) => {
    expect(describeVariants(path, 5)).toEqual(variants)
  })
})

describe('parsePath on a path of Express 4', () => {
  it.each<[string, string[] | undefined]>([
    ['/a.b/:id/', ['text a.b | param :id']],
    ['/a/:b?/c', ['text a | opaque :b? | text c']],
    ['/x/*', ['text x | wildcard *']],
    ['/a+b', ['opaque a+b']],
    ['/:id(a|b)', ['opaque :id(a|b)']],
    ['/a|/b', undefined],
    ['/a/?b', undefined],
    ['/a/{0,1}b', undefined],
  ])('reads %s', (path, variants) => {
    expect(describeVariants(path, 4)).toEqual(variants)
  })

  it('keeps the trailing slash of a strict router', () => {
    expect(describeVariants('/a/', 4, true)).toEqual(['text a | text '])
    expect(describeVariants('/a/', 5, true)).toEqual(['text a | text '])
  })
})

describe.each(EXPRESS_VERSIONS.filter(({ major }) => major === 4))(
  'mountsFromRegexp on a mount of Express $name',
  ({ express }) => {
    it.each<[string | RegExp | (string | RegExp)[], string[] | undefined]>([
      ['/a.b/:id', ['/a.b/:id']],
      ['/a/', ['/a']],
      ['/a/*', ['/a/*']],
      [
        ['/a', '/', '/:b/c'],
        ['/a', '/', '/:b/c'],
      ],
      ['/:id(\\d+)', undefined],
      ['/a?b', undefined],
      ['/a|/b', undefined],
      ['/a//', undefined],
      [/^\/a/, undefined],
      [['/a', /^\/b/], undefined],
      [/^\/a\/?(?=\/|$)/g, undefined],
    ])('reads %s', (path, paths) => {
      const router = express.Router()
      router.use(path as string, (_req, _res, next) => next())
      const [layer] = router.stack as unknown as { regexp: RegExp; keys: { name: string }[] }[]
      expect(layer && mountsFromRegexp(layer.regexp, layer.keys)).toEqual(paths)
    })
  },
)
