import { describe, expect, it } from 'vitest'
import { mountsFromRegexp } from '../../../src/tools/audit/express4-regexp.ts'
import { type Dialect, parsePath } from '../../../src/tools/audit/path-segment.ts'
import { EXPRESS_VERSIONS } from './express-versions.ts'

function shown(path: string, dialect: Dialect, strict = false): string[] | undefined {
  const variants = parsePath(path, { dialect, sensitive: false, strict })
  return variants?.map((segments) => segments.map(({ kind, source }) => `${kind} ${source}`).join(' | '))
}

describe('paths of Express 5', () => {
  it.each<[string, string[] | undefined]>([
    ['/', ['']],
    ['/a.b/:id/', ['text a.b | param :id']],
    ['/a{/:b}/c', ['text a | param :b | text c', 'text a | text c']],
    ['/{a{b}}c', ['text abc', 'text ac', 'text c']],
    ['/x/*rest', ['text x | rest *rest']],
    ['/*rest/x', ['odd *rest | text x']],
    ['/:a-:b', ['odd :a-:b']],
    ['/:"a/b"', undefined],
    ['*all', undefined],
    [`/${'{a}'.repeat(9)}`, undefined],
  ])('%s', (path, variants) => {
    expect(shown(path, 5)).toEqual(variants)
  })
})

describe('paths of Express 4', () => {
  it.each<[string, string[] | undefined]>([
    ['/a.b/:id/', ['text a.b | param :id']],
    ['/a/:b?/c', ['text a | odd :b? | text c']],
    ['/x/*', ['text x | rest *']],
    ['/a+b', ['odd a+b']],
    ['/:id(a|b)', ['odd :id(a|b)']],
    ['/a|/b', undefined],
    ['/a/?b', undefined],
    ['/a/{0,1}b', undefined],
  ])('%s', (path, variants) => {
    expect(shown(path, 4)).toEqual(variants)
  })

  it('keeps the trailing slash where it counts', () => {
    expect(shown('/a/', 4, true)).toEqual(['text a | text '])
    expect(shown('/a/', 5, true)).toEqual(['text a | text '])
  })
})

describe.each(EXPRESS_VERSIONS.filter(({ major }) => major === 4))(
  'mounts of Express $name',
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
    ])('%s', (path, paths) => {
      const router = express.Router()
      router.use(path as string, (_req, _res, next) => next())
      const [layer] = router.stack as unknown as { regexp: RegExp; keys: { name: string }[] }[]
      expect(layer && mountsFromRegexp(layer.regexp, layer.keys)).toEqual(paths)
    })
  },
)
