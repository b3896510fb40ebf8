import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DefaultTheme, defineConfig, type UserConfig } from 'vitepress'
import manifest from '../../package.json' with { type: 'json' }
import { headingSlug } from './heading-slug.ts'
import { ABOUT, llmsText } from './llms-text.ts'
import { GROUPS, PAGES, pathOf, SITE } from './pages.ts'
import { REPOSITORY, rewriteLinks } from './repository-links.ts'

/** Groups that most readers do not need are closed at first. */
const CLOSED = ['The project']

const entryPoints = Object.keys(manifest.exports)
  .filter((entry) => entry !== './package.json')
  .map((entry) => entry.replace('.', 'express-tollgate'))

const guide: DefaultTheme.SidebarItem[] = GROUPS.map(({ group, pages }) => ({
  text: group,
  collapsed: CLOSED.includes(group),
  items: pages.map((page) => ({ text: page.title, link: `/${pathOf(page)}` })),
}))

const reference: DefaultTheme.SidebarItem = {
  text: 'API reference',
  link: '/api/',
  items: entryPoints.map((name) => ({ text: name, link: `/api/${name}/` })),
}

/** In the API reference its entry points come first. */
const sidebar: DefaultTheme.SidebarMulti = {
  '/api/': [{ ...reference, collapsed: false }, ...guide],
  '/': [...guide, { ...reference, collapsed: true }],
}

/** Shows what is found in the API reference after the same in a page. It runs in the browser: it can use no other name. */
const boostDocument = (path: string): number => (path.includes('/api/') ? 0.1 : 1)

const config: UserConfig<DefaultTheme.Config> = defineConfig({
  title: 'express-tollgate',
  description: ABOUT,
  lang: 'en',
  base: new URL(SITE).pathname,
  cleanUrls: true,
  outDir: '.vitepress/dist/site',
  cacheDir: '.vitepress/dist/cache',
  rewrites: { 'decisions/README.md': 'decisions/index.md' },
  markdown: { config: rewriteLinks, anchor: { slugify: headingSlug } },
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: new URL('icon.svg', SITE).pathname }]],
  sitemap: { hostname: SITE },
  // The largest chunk is the index of the search. Browsers load it when a reader opens the search.
  vite: { build: { chunkSizeWarningLimit: 3000 } },
  transformPageData({ filePath, frontmatter }) {
    // The repository has no file of such a page.
    if (filePath.startsWith('api/')) return { frontmatter: { ...frontmatter, editLink: false } }
    const page = PAGES.find(({ file }) => file === filePath)
    return page && { description: page.about }
  },
  buildEnd({ outDir }) {
    writeFileSync(join(outDir, 'llms.txt'), llmsText())
  },
  themeConfig: {
    sidebar,
    nav: [
      { text: 'Guide', link: '/quick-start', activeMatch: '^/(?!api/|$)' },
      { text: 'API', link: '/api/', activeMatch: '^/api/' },
      { text: 'Changes', link: `${REPOSITORY}/blob/main/CHANGELOG.md` },
    ],
    outline: [2, 3],
    search: { provider: 'local', options: { miniSearch: { searchOptions: { boostDocument } } } },
    socialLinks: [{ icon: 'github', link: REPOSITORY }],
    editLink: { pattern: `${REPOSITORY}/edit/main/docs/:path`, text: 'Edit this page on GitHub' },
    footer: { message: 'MIT License' },
  },
})

export default config
