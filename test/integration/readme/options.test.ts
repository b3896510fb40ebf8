import { describe, expect, it } from 'vitest'
import { OPTION_NAMES } from '../../../src/options/option-names.ts'
import { SHARED_OPTIONS } from '../../../src/tools/concurrency/concurrency-limiter-options.ts'
import { textOf } from '../../support/project-files.ts'
import { membersOf } from './interface-members.ts'

const page = textOf('docs/options.md')

/** The text of a section, from its heading to the next one of the same rank. */
function section(heading: string): string {
  const begin = page.indexOf(`\n## ${heading}\n`)
  if (begin === -1) throw new Error(`docs/options.md has no section ${heading}`)
  const end = page.indexOf('\n## ', begin + 1)
  return page.slice(begin, end === -1 ? undefined : end)
}

/** The options in the first column of the tables of a section. */
const rowsOf = (heading: string): string[] =>
  [...section(heading).matchAll(/^\| `(\w+)` \|/gm)].map(([, name = '']) => name)

const OBJECTS: ReadonlyArray<
  readonly [heading: string, interfaces: ReadonlyArray<readonly [file: string, name: string]>]
> = [
  ['A limit', [['src/options/budget-options.ts', 'LimitOptions']]],
  ['A plan', [['src/options/budget-options.ts', 'PlanOptions']]],
  ['A ban', [['src/options/budget-options.ts', 'BanOptions']]],
  ['`MemoryStore`', [['src/stores/memory/memory-store-options.ts', 'MemoryStoreOptions']]],
  [
    '`PersistentMemoryStore`',
    [
      ['src/stores/memory/persistence/persistent-memory-store.ts', 'PersistentMemoryStoreOptions'],
      ['src/stores/memory/persistence/persist-option.ts', 'PersistOptions'],
    ],
  ],
  ['`RedisStore`', [['src/stores/redis/redis-store-options.ts', 'RedisStoreOptions']]],
  ['`RedisLeases`', [['src/stores/redis/leases/redis-leases-options.ts', 'RedisLeasesOptions']]],
  ['`optionsFromEnv`', [['src/options/env-options.ts', 'EnvSource']]],
  ['`guard`', [['src/limiter/server-guard.ts', 'GuardOptions']]],
  [
    'The audit',
    [
      ['src/tools/audit/checked-routes.ts', 'AssertRoutesOptions'],
      ['src/tools/audit/audit-routes.ts', 'AuditOptions'],
    ],
  ],
  ['The live page', [['src/tools/dashboard/dashboard-options.ts', 'DashboardOptions']]],
]

describe('the table of options in README.md', () => {
  const readme = textOf('README.md')

  it('names each option of createRateLimiter, and no other', () => {
    const named = [...readme.matchAll(/\[`(\w+)`\]\(docs\/options\.md#\w+\)/g)].map(([, name = '']) => name)
    expect(named.sort()).toEqual([...OPTION_NAMES].sort())
  })

  it('names each option of a limit, and no other', () => {
    const [, row = ''] = /^\| of a limit \| ([^:]*):/m.exec(readme) ?? []
    const named = [...row.matchAll(/`(\w+)`/g)].map(([, name = '']) => name)
    expect(named.sort()).toEqual(membersOf('src/options/budget-options.ts', 'LimitOptions').sort())
  })
})

describe('docs/options.md', () => {
  it('has an entry for each option of createRateLimiter, and for no other', () => {
    const entries = [...page.matchAll(/^### `(\w+)`$/gm)].map(([, name = '']) => name)
    expect(entries.sort()).toEqual([...OPTION_NAMES].sort())
  })

  it('has an example with each option of createRateLimiter', () => {
    const examples = [...page.matchAll(/^```[tj]s\n([\s\S]*?)^```/gm)].map(([, code = '']) => code).join('')
    const isUsed = (name: string): boolean => new RegExp(`[{ ]${name}(?::|,$)`, 'm').test(examples)
    expect(OPTION_NAMES.filter((name) => !isUsed(name))).toEqual([])
  })

  it('leads to each entry from the table at its top', () => {
    const [top = ''] = page.split('\n## ')
    const linked = [...top.matchAll(/\[`(\w+)`\]\(#(\w+)\)/g)].map(([, name = '', anchor = '']) => [
      name,
      anchor,
    ])
    expect(linked.every(([name = '', anchor]) => name.toLowerCase() === anchor)).toBe(true)
    expect(linked.map(([name]) => name)).toEqual(expect.arrayContaining([...OPTION_NAMES]))
  })

  it.each(OBJECTS)('has a row for each option, and for no other: %s', (heading, interfaces) => {
    const options = interfaces.flatMap(([file, name]) => membersOf(file, name))
    expect(rowsOf(heading).sort()).toEqual(options.sort())
  })

  it('has each option of createConcurrencyLimiter, and no other', () => {
    const file = 'src/tools/concurrency/concurrency-limiter-options.ts'
    const own = [...membersOf(file, 'ConcurrencyLimiterOptions'), ...membersOf(file, 'QueueOptions')]
    const text = section('`createConcurrencyLimiter`')
    const [, sentence = ''] = /These mean the same as in the rate limiter: ([^.]*)\./.exec(text) ?? []
    const shared = [...sentence.matchAll(/`(\w+)`/g)].map(([, name = '']) => name)
    const named = [...rowsOf('`createConcurrencyLimiter`'), ...shared]
    expect(named.sort()).toEqual([...own, ...SHARED_OPTIONS].sort())
  })
})
