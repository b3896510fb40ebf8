import { existsSync, readdirSync } from 'node:fs'
import { join, posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { filesBelow, ROOT, textOf } from '../../support/project-files.ts'
import { pageFiles } from '../site/page-files.ts'
import { layerTable } from './layers.ts'

const documents = [
  'README.md',
  ...pageFiles().map((path) => `docs/${path}`),
  ...filesBelow('.github').filter((path) => path.endsWith('.md')),
]

const manifest = JSON.parse(textOf('package.json')) as {
  readonly scripts: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
}

/** The entries of the project's root that a path can begin with. */
const rootEntries = readdirSync(ROOT)

/** Ends of file names that a document of this project means when it names a file. */
const FILE_NAME = /^[\w./-]+\.(?:[cm]?[jt]s|lua|md|ya?ml|json|svg|png|html|css)$/

/** Whether a text in backticks is meant as a file or a folder of the project. */
function looksLikePath(text: string): boolean {
  if (text in manifest.dependencies || /^\.?\//.test(text) || !/^[\w./-]+$/.test(text)) return false
  const [first = ''] = text.split('/')
  return FILE_NAME.test(text) || (text.includes('/') && rootEntries.includes(first))
}

/** The files and folders that a document names: in backticks, and in text blocks. */
function pathsIn(text: string): string[] {
  const quoted = [...text.matchAll(/`([^`\n]+)`/g)].map(([, path = '']) => path).filter(looksLikePath)
  const blocks = [...text.matchAll(/^```text\n([\s\S]*?)^```/gm)].map(([, block = '']) => block).join('\n')
  const drawn = blocks.match(/\b(?:src|test|docs|build|examples)\/[\w./-]*\w/g) ?? []
  return [...quoted, ...drawn]
}

/** A relative link of a document. */
interface Link {
  /** The file that it leads to, as a path from the project's root. */
  readonly path: string
  /** The heading that it leads to, as the end of its address. */
  readonly anchor: string | undefined
}

function linksIn(document: string): Link[] {
  return [...textOf(document).matchAll(/\]\(([^)\s#]*)(?:#([^)\s]*))?\)/g)]
    .filter(([, target = '']) => !/^[a-z]+:/.test(target))
    .map(([, target = '', anchor]) => {
      return { path: target === '' ? document : posix.join(posix.dirname(document), target), anchor }
    })
}

/** The ends of the addresses of a document's headings, as GitHub makes them. */
function anchorsIn(document: string): string[] {
  const counts = new Map<string, number>()
  const text = textOf(document).replace(/^```[\s\S]*?^```/gm, '')
  return [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => {
    const anchor = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-')
    const count = counts.get(anchor) ?? 0
    counts.set(anchor, count + 1)
    return count === 0 ? anchor : `${anchor}-${count}`
  })
}

/** The links whose file has no such heading. Files that do not exist are not asked. */
function withoutHeading(links: readonly Link[]): string[] {
  return links
    .filter(({ path, anchor }) => {
      return anchor !== undefined && path.endsWith('.md') && exists(path) && !anchorsIn(path).includes(anchor)
    })
    .map(({ path, anchor }) => `${path}#${anchor}`)
}

const workflows = readdirSync(join(ROOT, '.github/workflows'))

/** Settings of GitHub and npm name a workflow by its file name, without the folder. */
const exists = (path: string): boolean => existsSync(join(ROOT, path)) || workflows.includes(path)

/** A build makes them. A new checkout does not have them. */
const isBuilt = (path: string): boolean => path.split('/').includes('dist')

const missing = (paths: readonly string[]): string[] =>
  paths.filter((path) => !isBuilt(path) && !exists(path))

describe('the documents', () => {
  it.each(documents)('name files and folders that exist: %s', (document) => {
    // The folders in the table of layers are short. layers.test.ts checks them.
    const text = textOf(document).replace(layerTable(), '')
    expect(missing(pathsIn(text))).toEqual([])
  })

  it.each(documents)('have links to files that exist: %s', (document) => {
    expect(missing(linksIn(document).map(({ path }) => path))).toEqual([])
  })

  it.each(documents)('have links to headings that exist: %s', (document) => {
    expect(withoutHeading(linksIn(document))).toEqual([])
  })

  it.each(documents)('name scripts of package.json: %s', (document) => {
    const named = [...textOf(document).matchAll(/\bnpm (?:run ([\w:-]+)|(test|start)\b)/g)].map(
      ([, script, short]) => script ?? short ?? '',
    )
    expect(named.filter((script) => !(script in manifest.scripts))).toEqual([])
  })

  it('name every script that npm does not run by itself: .github/CONTRIBUTING.md', () => {
    const isRunByNpm = (script: string): boolean => /^(?:pre|post)/.test(script)
    const text = textOf('.github/CONTRIBUTING.md')
    const scripts = Object.keys(manifest.scripts).filter((script) => !isRunByNpm(script))
    const isNamed = (script: string): boolean => new RegExp(`\\bnpm (?:run )?${script}(?![\\w:-])`).test(text)
    expect(scripts.filter((script) => !isNamed(script))).toEqual([])
  })
})

describe('the check of links', () => {
  it('knows the headings of a document as GitHub does', () => {
    expect(anchorsIn('docs/options.md')).toEqual(expect.arrayContaining(['trustproxy', 'a-limit', 'guard']))
    expect(anchorsIn('docs/errors.md')).toEqual(
      expect.arrayContaining(['invalid_option', 'tollgate_name_shared']),
    )
  })

  it('finds a heading that does not exist', () => {
    const link = (anchor: string): Link => ({ path: 'docs/options.md', anchor })
    expect(withoutHeading([link('nowhere'), link('options')])).toEqual(['docs/options.md#nowhere'])
  })
})

describe('the check of paths', () => {
  it.each(['src/limits/limit.ts', 'test/support', 'package.json', 'src/', 'limit.ts', '.ci/run'])(
    'takes %s for a path',
    (text) => {
      expect(looksLikePath(text)).toBe(true)
    },
  )

  it.each([
    'req.ip',
    'ipaddr.js',
    'npm test',
    '0.0.0.0/1',
    'express-tollgate/audit',
    'text/html',
    '/openapi.json',
    'next()',
  ])('takes %s for something else', (text) => {
    expect(looksLikePath(text)).toBe(false)
  })

  it('finds a path that does not exist', () => {
    expect(missing(pathsIn('see `src/nowhere.ts`, `src/limits/limit.ts` and `next`'))).toEqual([
      'src/nowhere.ts',
    ])
    expect(missing(pathsIn('```text\na  src/nowhere.ts\n```\n'))).toEqual(['src/nowhere.ts'])
  })
})
