import { filesBelow, textOf } from '../../support/project-files.ts'
import { BASE, BUILT } from './published-site.ts'

/** The files of the built site, as paths from its base. */
export const builtFiles = (): string[] => filesBelow(BUILT).map((path) => path.slice(BUILT.length + 1))

export const readBuilt = (path: string): string => textOf(`${BUILT}/${path}`)

/** The values of an attribute in a text of HTML, with the tag of each. */
export function attributes(
  html: string,
  name: 'href' | 'src' | 'id',
): { readonly tag: string; readonly value: string }[] {
  return [...html.matchAll(new RegExp(`<(\\w+)\\b[^>]*?\\s${name}="([^"]*)"`, 'g'))].map(
    ([, tag = '', value = '']) => ({ tag, value: value.replaceAll('&amp;', '&') }),
  )
}

/** The file that a path of the site leads to, as a static server finds it. */
export function fileAt(path: string, files: ReadonlySet<string>): string | undefined {
  const candidates = path === '' || path.endsWith('/') ? [`${path}index.html`] : [path, `${path}.html`]
  return candidates.find((file) => files.has(file))
}

/** The links of the built pages, as `page: target`, that lead to no page or no heading of the site. */
export function brokenLinks(): string[] {
  const files = new Set(builtFiles())
  const pages = [...files].filter((path) => path.endsWith('.html') && path !== '404.html')
  const html = new Map(pages.map((path) => [path, readBuilt(path)]))
  const idsOf = (text: string): Set<string> => new Set(attributes(text, 'id').map(({ value }) => value))
  const ids = new Map([...html].map(([path, text]) => [path, idsOf(text)]))
  const isBroken = ({ hostname, pathname, hash }: URL): boolean => {
    if (hostname !== 'site.test') return false
    const file = pathname.startsWith(BASE) ? fileAt(pathname.slice(BASE.length), files) : undefined
    if (file === undefined) return true
    return hash !== '' && ids.get(file)?.has(decodeURIComponent(hash.slice(1))) !== true
  }
  return pages.flatMap((page) => {
    const here = `http://site.test${BASE}${page.replace(/(?:index)?\.html$/, '')}`
    return attributes(html.get(page) ?? '', 'href')
      .map(({ value }) => new URL(value, here))
      .filter(isBroken)
      .map(({ pathname, hash }) => `${page}: ${pathname}${hash}`)
  })
}
