import { existsSync, statSync } from 'node:fs'
import { dirname, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { MarkdownEnv, MarkdownRenderer } from 'vitepress'

export const REPOSITORY = 'https://github.com/express-tollgate/express-tollgate'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const DOCS = resolve(ROOT, 'docs')

/** A link with a scheme, with a host, or to a place on the same page. */
const NOT_A_FILE = /^(?:[a-z][a-z\d+.-]*:|\/\/|#)/i

/**
 * The target of a link as the site needs it. A page is written for readers of the repository, so its links lead to
 * files. Files that are no pages are shown by GitHub.
 *
 * @param href the link as written, relative to the page
 * @param page the absolute path of the file of the page
 * @throws Error if the link leads to a file that does not exist
 */
export function siteLink(href: string, page: string): string {
  if (NOT_A_FILE.test(href) || href.startsWith('/')) return href
  const [path = '', fragment] = href.split('#', 2)
  const file = resolve(dirname(page), decodeURIComponent(path))
  const hash = fragment === undefined ? '' : `#${fragment}`
  const isPage = file.startsWith(DOCS + sep) && file.endsWith('.md')
  // VitePress reports a page that does not exist.
  if (isPage) return path.replace(/(^|\/)README\.md$/, '$1index.md') + hash
  if (!existsSync(file)) throw new Error(`${relative(ROOT, page)} links to ${href}, which does not exist.`)
  const kind = statSync(file).isDirectory() ? 'tree' : 'blob'
  return `${REPOSITORY}/${kind}/main/${relative(ROOT, file).split(sep).join('/')}${hash}`
}

/** Makes a renderer of Markdown write the links of pages as {@link siteLink} says. */
export function rewriteLinks(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push('repository-links', ({ tokens, env }) => {
    const { realPath, path } = env as MarkdownEnv
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const href = token.type === 'link_open' ? token.attrGet('href') : null
      if (href !== null) token.attrSet('href', siteLink(href, realPath ?? path))
    }
  })
}
