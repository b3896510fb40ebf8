import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { siteLink } from '../../../docs/.vitepress/repository-links.ts'
import { ROOT } from '../../support/project-files.ts'

const GITHUB = 'https://github.com/express-tollgate/express-tollgate'
const page = join(ROOT, 'docs/operating.md')
const record = join(ROOT, 'docs/decisions/typed-arrays.md')

describe('a link on a page of the site', () => {
  it.each([
    ['metrics.md', 'metrics.md'],
    ['metrics.md#labels', 'metrics.md#labels'],
    ['not-written.md', 'not-written.md'],
    ['decisions/README.md', 'decisions/index.md'],
    ['#events', '#events'],
    ['https://example.com/a.md', 'https://example.com/a.md'],
    ['mailto:a@example.com', 'mailto:a@example.com'],
    ['/api/', '/api/'],
  ])('stays on the site, or as it is: %s', (href, expected) => {
    expect(siteLink(href, page)).toBe(expected)
  })

  it.each([
    [page, '../README.md', `${GITHUB}/blob/main/README.md`],
    [page, '../README.md#options', `${GITHUB}/blob/main/README.md#options`],
    [page, '../examples', `${GITHUB}/tree/main/examples`],
    [page, 'images/dashboard-dark.png', `${GITHUB}/blob/main/docs/images/dashboard-dark.png`],
    [record, '../../CHANGELOG.md', `${GITHUB}/blob/main/CHANGELOG.md`],
  ])('leads to GitHub where the target is no page: %s, %s', (from, href, expected) => {
    expect(siteLink(href, from)).toBe(expected)
  })

  it('to a file that does not exist is an error that names the page', () => {
    expect(() => siteLink('../examples/nowhere.ts', page)).toThrow(
      'docs/operating.md links to ../examples/nowhere.ts, which does not exist.',
    )
  })
})
