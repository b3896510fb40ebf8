import { readFileSync } from 'node:fs'

/** A file of the page. */
export interface PageFile {
  readonly contentType: string
  readonly text: string
}

const DOCUMENT = readFileSync(new URL('./page/page.html', import.meta.url), 'utf8')
const ICON = readFileSync(new URL('./page/icon.svg', import.meta.url), 'utf8')
const STYLE = readFileSync(new URL('./page/page.css', import.meta.url), 'utf8')
const TABLES_STYLE = readFileSync(new URL('./page/tables.css', import.meta.url), 'utf8')
const PAGE_SCRIPT = readFileSync(new URL('./page/page.js', import.meta.url), 'utf8')
const CHART_SCRIPT = readFileSync(new URL('./page/chart.js', import.meta.url), 'utf8')
const CHOICE_SCRIPT = readFileSync(new URL('./page/choice.js', import.meta.url), 'utf8')
const ELEMENTS_SCRIPT = readFileSync(new URL('./page/elements.js', import.meta.url), 'utf8')
const ROUTES_SCRIPT = readFileSync(new URL('./page/routes.js', import.meta.url), 'utf8')
const TABLES_SCRIPT = readFileSync(new URL('./page/tables.js', import.meta.url), 'utf8')

const script = (text: string): PageFile => ({ contentType: 'text/javascript', text })

/**
 * The files of the page by their paths. They are the same for every request and contain no data. The build
 * puts their texts into the code (tsup.config.ts), so the published package reads no file.
 */
export const PAGE_FILES: ReadonlyMap<string, PageFile> = new Map([
  ['/', { contentType: 'text/html', text: DOCUMENT }],
  ['/icon.svg', { contentType: 'image/svg+xml', text: ICON }],
  ['/page.css', { contentType: 'text/css', text: STYLE }],
  ['/tables.css', { contentType: 'text/css', text: TABLES_STYLE }],
  ['/page.js', script(PAGE_SCRIPT)],
  ['/chart.js', script(CHART_SCRIPT)],
  ['/choice.js', script(CHOICE_SCRIPT)],
  ['/elements.js', script(ELEMENTS_SCRIPT)],
  ['/routes.js', script(ROUTES_SCRIPT)],
  ['/tables.js', script(TABLES_SCRIPT)],
])
