import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import type { Options } from 'tsup'

type EsbuildPlugin = NonNullable<Options['esbuildPlugins']>[number]

/** How a source reads a text file. The path is a literal, relative to the source. */
const READ_CALL = /readFileSync\(new URL\('(\.[^']*)', import\.meta\.url\), 'utf8'\)/g

/**
 * The text of a source in which each call that reads a text file is replaced by the text itself.
 *
 * @param url the URL of the source
 * @throws Error if the source reads a file by a call of another form
 */
export function withTextFilesInlined(source: string, url: URL): string {
  const inlined = source.replace(READ_CALL, (_call, path: string) =>
    JSON.stringify(readFileSync(new URL(path, url), 'utf8')),
  )
  if (inlined.includes('readFileSync(new URL(')) {
    throw new Error(`${url.pathname}: write readFileSync(new URL('./name', import.meta.url), 'utf8') on one line.`)
  }
  return inlined
}

/**
 * Puts text files (HTML, CSS, scripts) into the code that reads them. Tests and tsx read them from the folder of the
 * sources. The published package has no such folder: its code must read no file.
 */
export const inlineTextFiles: EsbuildPlugin = {
  name: 'inline-text-files',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      return { contents: withTextFilesInlined(source, pathToFileURL(path)), loader: 'ts' }
    })
  },
}
