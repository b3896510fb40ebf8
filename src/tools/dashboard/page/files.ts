import { CHART_SCRIPT } from './chart-script.ts'
import { DOCUMENT, ICON } from './document.ts'
import { LIVE_SCRIPT } from './live-script.ts'
import { STYLE } from './style.ts'
import { TABLE_SCRIPT } from './table-script.ts'

/** A file of the page. */
export interface PageFile {
  readonly contentType: string
  readonly text: string
}

/** The page in its files, by path. They are the same for everybody and hold no data. */
export const FILES: ReadonlyMap<string, PageFile> = new Map([
  ['/', { contentType: 'text/html', text: DOCUMENT }],
  ['/icon.svg', { contentType: 'image/svg+xml', text: ICON }],
  ['/page.css', { contentType: 'text/css', text: STYLE }],
  [
    '/page.js',
    {
      contentType: 'text/javascript',
      text: ["'use strict'", TABLE_SCRIPT, CHART_SCRIPT, LIVE_SCRIPT].join('\n'),
    },
  ],
])
