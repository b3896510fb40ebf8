import { describe, expect, it } from 'vitest'
import { llmsText } from '../../../docs/.vitepress/llms-text.ts'
import { GROUPS, PAGES, pathOf, SITE } from '../../../docs/.vitepress/pages.ts'
import { filesBelow, textOf } from '../../support/project-files.ts'
import { pageFiles } from './page-files.ts'

const files = PAGES.map(({ file }) => file)
const found = pageFiles().filter((path) => path !== 'index.md')

describe('the list of pages', () => {
  it('has every page of docs', () => {
    expect(found).toContain('operating.md')
    expect(found).toContain('decisions/README.md')
    expect(found.filter((path) => !files.includes(path))).toEqual([])
  })

  it('has no page without a file', () => {
    expect(PAGES.filter(({ file }) => !found.includes(file))).toEqual([])
  })

  it('has each file and each title once', () => {
    const titles = PAGES.map(({ title }) => title)
    expect(files).toEqual([...new Set(files)])
    expect(titles).toEqual([...new Set(titles)])
  })

  it('says of each page in one sentence what is there', () => {
    expect(PAGES.filter(({ about }) => !/^[A-Z][^.]+(?:\.\w[^.]*)*\.$/.test(about))).toEqual([])
  })

  it('has the pages of a group together', () => {
    expect(GROUPS.flatMap(({ pages }) => pages)).toEqual(PAGES)
  })
})

describe('the addresses of the site', () => {
  /** The pages that a text names by their addresses, as paths from the base of the site. */
  const pagesNamedIn = (text: string): string[] =>
    [...text.matchAll(new RegExp(`${SITE}([\\w/-]*)`, 'g'))].map(([, path = '']) => path)

  it('are those of pages of the list: in the sources, the examples and the documents', () => {
    const known = ['', 'llms', 'api/', ...PAGES.map(pathOf)]
    const named = ['src', 'examples', '.github', 'docs']
      .flatMap(filesBelow)
      .filter((path) => /\.(?:ts|js|md)$/.test(path) && !/^docs\/(?:api|\.vitepress)\//.test(path))
      .concat('README.md')
      .flatMap((path) => pagesNamedIn(textOf(path)).map((page) => ({ path, page })))
    expect(named).toContainEqual({ path: 'src/create-rate-limiter.ts', page: 'quick-start' })
    expect(named.filter(({ page }) => !known.includes(page))).toEqual([])
  })

  it('are found with a fragment and at the end of a sentence', () => {
    expect(pagesNamedIn(`${SITE}errors#closed ${SITE}api/. ${SITE}`)).toEqual(['errors', 'api/', ''])
  })
})

describe('the pages', () => {
  it.each(PAGES.map(({ file }) => file))('%s starts with its only heading of the first level', (file) => {
    // A line of a code block that starts with `# ` is a comment.
    const prose = textOf(`docs/${file}`).replace(/^```[\s\S]*?^```$/gm, '')
    expect(prose).toMatch(/^# \S/)
    expect(prose.match(/^# /gm)).toHaveLength(1)
  })
})

describe('llms.txt', () => {
  it('has a line with title, link and sentence for each page', () => {
    const lines = llmsText().match(/^- .*$/gm) ?? []
    expect(lines).toEqual(PAGES.map((page) => `- [${page.title}](${SITE}${pathOf(page)}): ${page.about}`))
    expect(lines).toContain(
      '- [Metrics](https://express-tollgate.github.io/express-tollgate/metrics): Every metric for Prometheus and OpenTelemetry.',
    )
    expect(lines.some((line) => line.includes('/decisions/)'))).toBe(true)
  })

  it('starts with the name and one sentence', () => {
    expect(llmsText()).toMatch(/^# express-tollgate\n\n> Rate limiting for Express [^\n]+\.\n\n## /)
  })
})
