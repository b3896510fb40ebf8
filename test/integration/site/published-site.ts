import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import express, { type Express } from 'express'
import { SITE } from '../../../docs/.vitepress/pages.ts'
import { filesBelow, ROOT } from '../../support/project-files.ts'

/** The folder that `npm run docs` writes, from the project's root. */
export const BUILT = 'docs/.vitepress/dist/site'

/** The path under which the site is published. */
export const BASE: string = new URL(SITE).pathname

/** The file that a build writes last. */
const LAST_WRITTEN = join(ROOT, BUILT, 'llms.txt')

/** Builds the site, unless it is newer than everything that it is made of. */
export function buildSite(): void {
  const made = /^docs\/(?:api|\.vitepress\/(?:dist|\.temp))\//
  const sources = [...filesBelow('docs'), ...filesBelow('src'), 'package.json'].filter(
    (path) => !made.test(path),
  )
  const newestMs = Math.max(...sources.map((path) => statSync(join(ROOT, path)).mtimeMs))
  if (existsSync(LAST_WRITTEN) && statSync(LAST_WRITTEN).mtimeMs > newestMs) return
  const { status, stdout, stderr } = spawnSync('npm', ['run', 'docs'], { cwd: ROOT, encoding: 'utf8' })
  if (status !== 0) throw new Error(`npm run docs failed:\n${stdout}${stderr}`)
}

/** An app that serves the built site as GitHub Pages does: `/errors` is the file `errors.html`. */
export function siteApp(): Express {
  return express().use(BASE, express.static(join(ROOT, BUILT), { extensions: ['html'] }))
}
