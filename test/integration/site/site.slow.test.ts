import { posix } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { llmsText } from '../../../docs/.vitepress/llms-text.ts'
import { pathOf, UNWRITTEN, WRITTEN } from '../../../docs/.vitepress/pages.ts'
import { filesBelow, textOf } from '../../support/project-files.ts'
import { BASE, BUILT, buildSite } from './published-site.ts'

/** The files of the built site, as paths from its base. */
const builtFiles = (): string[] => filesBelow(BUILT).map((path) => path.slice(BUILT.length + 1))

const readBuilt = (path: string): string => textOf(`${BUILT}/${path}`)

/** The values of an attribute in a text of HTML, with the tag of each. */
function attributes(
  html: string,
  name: 'href' | 'src' | 'id',
): { readonly tag: string; readonly value: string }[] {
  return [...html.matchAll(new RegExp(`<(\\w+)\\b[^>]*?\\s${name}="([^"]*)"`, 'g'))].map(
    ([, tag = '', value = '']) => ({ tag, value: value.replaceAll('&amp;', '&') }),
  )
}

/** The file that a path of the site leads to, as a static server finds it. */
function fileAt(path: string, files: ReadonlySet<string>): string | undefined {
  const candidates = path === '' || path.endsWith('/') ? [`${path}index.html`] : [path, `${path}.html`]
  return candidates.find((file) => files.has(file))
}

beforeAll(buildSite)

describe('the built site', () => {
  it('has the home page, every page of the list, and the API reference of every entry point', () => {
    const pages = builtFiles().filter((path) => path.endsWith('.html') && !path.startsWith('api/'))
    const listed = WRITTEN.map((page) => fileAt(pathOf(page), new Set(pages)))
    expect(listed).not.toContain(undefined)
    expect(pages.toSorted()).toEqual(['404.html', 'index.html', ...listed].toSorted())
    const { exports } = JSON.parse(textOf('package.json')) as {
      readonly exports: Readonly<Record<string, unknown>>
    }
    const entries = Object.keys(exports).filter((entry) => entry !== './package.json')
    const references = entries.map((entry) => posix.join('api/express-tollgate', entry, 'index.html'))
    expect(references).toContain('api/express-tollgate/redis/index.html')
    expect(references.filter((path) => !builtFiles().includes(path))).toEqual([])
  })

  it('has links to pages and headings that exist', () => {
    const files = new Set(builtFiles())
    const pages = [...files].filter((path) => path.endsWith('.html') && path !== '404.html')
    const html = new Map(pages.map((path) => [path, readBuilt(path)]))
    const ids = new Map(
      [...html].map(([path, text]) => [path, new Set(attributes(text, 'id').map(({ value }) => value))]),
    )
    const unwritten = UNWRITTEN.map((file) => BASE + file.replace('.md', ''))
    const broken = pages.flatMap((page) =>
      attributes(html.get(page) ?? '', 'href')
        .map(({ value }) => new URL(value, `http://site.test${BASE}${page.replace(/(?:index)?\.html$/, '')}`))
        .filter(({ hostname, pathname, hash }) => {
          if (hostname !== 'site.test' || unwritten.includes(pathname)) return false
          const file = pathname.startsWith(BASE) ? fileAt(pathname.slice(BASE.length), files) : undefined
          const fragment = decodeURIComponent(hash.slice(1))
          return file === undefined || (fragment !== '' && !ids.get(file)?.has(fragment))
        })
        .map(({ pathname, hash }) => `${page}: ${pathname}${hash}`),
    )
    expect(pages.length).toBeGreaterThan(100)
    expect(broken).toEqual([])
  })

  it('loads nothing from another host', () => {
    const pages = builtFiles().filter((path) => path.endsWith('.html'))
    const loaded = pages.flatMap((path) => {
      const html = readBuilt(path)
      const linked = attributes(html, 'href').filter(({ tag }) => tag === 'link')
      return [...linked, ...attributes(html, 'src')].map(({ value }) => value)
    })
    const styles = builtFiles().filter((path) => path.endsWith('.css'))
    const imported = styles.flatMap((path) =>
      [...readBuilt(path).matchAll(/(?:url\(|@import\s*)["']?([^"')\s]+)/g)].map(([, value = '']) => value),
    )
    expect(loaded.length).toBeGreaterThan(1000)
    expect(imported.length).toBeGreaterThan(10)
    expect([...loaded, ...imported].filter((value) => /^(?:https?:)?\/\//i.test(value))).toEqual([])
  })

  it('has the list for language models', () => {
    expect(readBuilt('llms.txt')).toBe(llmsText())
  })
})
