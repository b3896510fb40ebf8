import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import express, { type Express, type RequestHandler } from 'express'
import { rateLimit } from 'express-rate-limit'
import request from 'supertest'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRateLimiter } from '../../../src/index.ts'
import { OPTION_NAMES } from '../../../src/options/option-names.ts'
import { unkeptRules } from '../../stores/express-rate-limit/unkept-rules.ts'
import { textOf } from '../../support/project-files.ts'
import { createProject, type DocumentedPrograms, programs } from './documented-programs.ts'

const page = textOf('docs/migrating.md')

/** The part of the page below a heading, up to the next heading of any level. */
function section(heading: string): string {
  const [, after = ''] = page.split(`\n${heading}\n`)
  return after.split(/\n#+ /)[0] ?? ''
}

/** The rows of the table whose first column has this title. */
function rowsOf(text: string, title: string): readonly (readonly string[])[] {
  const [, after = ''] = text.split(`\n| ${title} |`)
  const lines = after.split('\n').slice(1)
  const end = lines.findIndex((line) => !line.startsWith('|'))
  return lines.slice(1, end).map((line) => line.split('|').slice(1, -1))
}

/** The names in the first column of a table: the words in backticks, without what follows them. */
function namesIn(text: string, title: string): string[] {
  const cells = rowsOf(text, title).map(([first = '']) => first)
  return cells.flatMap((cell) => [...cell.matchAll(/`([\w$]+)/g)].map(([, name = '']) => name)).sort()
}

/** The names of the members of types in a declaration file. */
function membersOf(path: string, types: RegExp): string[] {
  const names = new Set<string>()
  const collect = (node: ts.Node): void => {
    const isMember =
      ts.isPropertySignature(node) || ts.isMethodSignature(node) || ts.isPropertyDeclaration(node)
    if (isMember && ts.isIdentifier(node.name)) names.add(node.name.text)
    else if (!ts.isMethodDeclaration(node)) ts.forEachChild(node, collect)
  }
  const visit = (node: ts.Node): void => {
    const isType =
      ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || ts.isClassDeclaration(node)
    if (isType && types.test(node.name?.text ?? '')) collect(node)
    else ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(path, textOf(path), ts.ScriptTarget.Latest, true))
  return [...names].sort()
}

const ERL = 'node_modules/express-rate-limit/dist/index.d.ts'
const FLEXIBLE = 'node_modules/rate-limiter-flexible/types.d.ts'

describe('docs/migrating.md', () => {
  it.each([
    ['### Options', 'option', /^Options$/],
    ['### Methods', 'express-rate-limit', /^RateLimitRequestHandler$/],
    ['### Figures on the request', '`req.rateLimit`', /^RateLimitInfo$/],
    ['### Stores', 'store method', /^(?:Legacy)?Store$/],
  ])('%s: has a row for each of express-rate-limit, and no other', (heading, title, types) => {
    const members = membersOf(ERL, types)
    expect(members.length).toBeGreaterThan(1)
    expect(namesIn(section(heading), title)).toEqual(members)
  })

  it('has a row for each export of express-rate-limit that is a value', () => {
    const values = [...textOf(ERL).matchAll(/^export declare (?:const|function|class) (\w+)/gm)]
    expect(namesIn(section('### Methods'), 'export').filter((name) => name !== 'subnet')).toEqual(
      values.map(([, name = '']) => name).sort(),
    )
  })

  it('has a row for each check of express-rate-limit', () => {
    const [, declared = ''] = textOf(ERL).split('declare const validations: {')
    const checks = [...(declared.split('\n};')[0] ?? '').matchAll(/^\t(\w+)\(/gm)].map(
      ([, name = '']) => name,
    )
    expect(namesIn(section('### Checks'), '`validate`')).toEqual(
      checks.filter((name) => name !== 'disable').sort(),
    )
  })

  it('has a row for each option of rate-limit-redis', () => {
    const options = membersOf(
      'node_modules/rate-limit-redis/dist/index.d.ts',
      /^(?:Common|Single|Cluster)Options$/,
    )
    const names = namesIn(section('## From rate-limit-redis'), 'option')
    expect(names.filter((name) => name !== 'resetExpiryOnChange')).toEqual(options)
  })

  const flexible = section('## From rate-limiter-flexible')

  it('has a row for each option of rate-limiter-flexible', () => {
    const options = membersOf(
      FLEXIBLE,
      /^I(?:RateLimiter|RLWrapper)(?!MongoFunction)\w*(?:Options|OptionsAndSchema|Opts)$/,
    )
    expect(namesIn(flexible, 'option')).toEqual(options)
  })

  it('has a row for each class of rate-limiter-flexible that limits', () => {
    const classes = [...textOf(FLEXIBLE).matchAll(/^export class (\w+)/gm)].map(([, name = '']) => name)
    const limiting = classes.filter((name) => !/Abstract$|Error$|Res$/.test(name))
    expect(namesIn(flexible, 'class')).toEqual(limiting.sort())
  })

  it('has a row for each method and each figure of rate-limiter-flexible', () => {
    const methods = membersOf(FLEXIBLE, /^RateLimiterRes$/)
    expect(namesIn(flexible, 'answer')).toEqual(methods)
    const [, limiter = ''] = textOf(FLEXIBLE).split('export class RateLimiterAbstract {')
    const declared = [...(limiter.split('\n}')[0] ?? '').matchAll(/^ {4}(\w+)\(/gm)].map(
      ([, name = '']) => name,
    )
    const called = declared.filter((name) => !['constructor', 'getKey', 'parseKey'].includes(name))
    expect(namesIn(flexible, 'method').filter((name) => called.includes(name))).toEqual(called.sort())
  })

  it('names options that exist', () => {
    const tables = [section('### Options'), section('## From express-slow-down'), flexible]
    const rows = tables.flatMap((text) => rowsOf(text, 'option'))
    const named = rows.flatMap(([, here = '']) => [...here.matchAll(/`(\w+)/g)].map(([, name = '']) => name))
    const others = ['delayAfter', 'delayMs', 'queue', 'createConcurrencyLimiter', 'RedisStore']
    expect(named.filter((name) => !OPTION_NAMES.includes(name) && !others.includes(name))).toEqual([])
    expect(named.length).toBeGreaterThan(25)
  })

  it('lists the rules of the conformance suite that a store of express-rate-limit does not keep', async () => {
    const [, list = ''] =
      /<!-- unkept rules -->\n\n([\s\S]*?)\n\n<!-- end of unkept rules -->/.exec(page) ?? []
    expect(list).toBe(await unkeptRules())
  })
})

describe('the headers', () => {
  const headersOf = async (limiter: RequestHandler): Promise<readonly (readonly [string, string])[]> => {
    const app = express()
    app.use(limiter)
    const answers = [await request(app).get('/'), await request(app).get('/')]
    expect(answers.map(({ status }) => status)).toEqual([404, 429])
    // The time of the end can be a second apart.
    return answers.flatMap(({ headers }) =>
      Object.entries(headers as Record<string, string>)
        .filter(([name]) => /^(?:x-)?ratelimit|^retry-after$/.test(name))
        .map(([name, value]) => [name, name === 'x-ratelimit-reset' ? '' : value] as const),
    )
  }

  it.each([false, 'draft-6', 'draft-7'] as const)('are the same for standardHeaders: %o', async (draft) => {
    const theirs = await headersOf(rateLimit({ windowMs: 3_600_000, limit: 1, standardHeaders: draft }))
    expect(theirs.length).toBeGreaterThan(6)
    expect(await headersOf(createRateLimiter({ windowSec: 3600, limit: 1, standardHeaders: draft }))).toEqual(
      theirs,
    )
  })

  it('of draft 8 have the name of the limiter and the class, or that of the limit', async () => {
    const options = { standardHeaders: 'draft-8', windowSec: 3600 } as const
    const named = await headersOf(createRateLimiter({ ...options, name: 'api', limit: 1 }))
    expect(named).toContainEqual(['ratelimit-policy', '"api-any";q=1;w=3600'])
    const exact = await headersOf(createRateLimiter({ ...options, limit: { limit: 1, name: 'api' } }))
    expect(exact).toContainEqual(['ratelimit-policy', '"api";q=1;w=3600'])
    const theirs = await headersOf(
      rateLimit({ windowMs: 3_600_000, limit: 1, standardHeaders: 'draft-8', identifier: 'api' }),
    )
    expect(theirs).toContainEqual([
      'ratelimit-policy',
      expect.stringMatching(/^"api"; q=1; w=3600; pk=:\w+=*:$/),
    ])
  })
})

describe('the recipe for express-slow-down', () => {
  let project: DocumentedPrograms
  beforeAll(() => {
    project = createProject()
  })
  afterAll(() => project.remove())

  it.each([
    ['alone', 'app.use(counter'],
    // For the other limiter, each request is the first one of a client.
    [
      'beside another limiter',
      "app.use(createRateLimiter({ name: 'app', limit: 20, keyGenerator: () => crypto.randomUUID() }), counter",
    ],
  ])('%s: delays requests above a number, more and more, up to the longest delay', async (title, mounted) => {
    const { name, code } = programs.find((program) => program.code.includes('maxDelayMs')) ?? {
      name: '',
      code: '',
    }
    const exported = join(project.folder, name.replace('.mts', `-${title.replaceAll(' ', '-')}.mts`))
    const quick = code
      .replace('delayMs = 200', 'delayMs = 20')
      .replace('maxDelayMs = 2000', 'maxDelayMs = 60')
      .replace('app.use(counter', mounted)
      .replace('app.listen(3000)', 'export { app }')
    writeFileSync(exported, quick)
    const { app } = (await import(pathToFileURL(exported).href)) as { app: Express }
    const tookMs: number[] = []
    for (let sent = 1; sent <= 12; sent++) {
      const startMs = performance.now()
      await request(app).get('/').expect(200, 'welcome')
      tookMs.push(performance.now() - startMs)
    }
    for (const [delayed, leastMs] of [20, 40, 60, 60, 60, 60, 60].entries()) {
      // A timer may fire a millisecond early.
      expect(tookMs[5 + delayed]).toBeGreaterThan(leastMs - 2)
    }
  })
})
