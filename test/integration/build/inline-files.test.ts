import { describe, expect, it } from 'vitest'
import { withTextFilesInlined } from '../../../tsup.config.ts'
import { filesBelow, textOf } from '../../support/project-files.ts'

const ICON = textOf('src/tools/dashboard/page/icon.svg')
const url = new URL('../../../src/tools/dashboard/page-files.ts', import.meta.url)

describe('the build', () => {
  it('replaces a read of a text file by the text, in one line or in several', () => {
    const reads = [
      "readFileSync(new URL('./page/icon.svg', import.meta.url), 'utf8')",
      "readFileSync(\n  new URL('./page/icon.svg', import.meta.url),\n  'utf8',\n)",
    ]
    for (const read of reads) {
      expect(withTextFilesInlined(`const a = 1\nconst b = ${read}\n`, url)).toBe(
        `const a = 1\nconst b = ${JSON.stringify(ICON)}\n`,
      )
    }
  })

  it('shortens scripts and styles: no comment, no white space, short names', () => {
    const script: unknown = JSON.parse(
      withTextFilesInlined("readFileSync(new URL('./page/page.js', import.meta.url), 'utf8')", url),
    )
    expect(script).toMatch(/^import\{drawChart as \w+,/)
    expect(script).not.toMatch(/\/\*|\n +/)
    const style = withTextFilesInlined(
      "readFileSync(new URL('./page/page.css', import.meta.url), 'utf8')",
      url,
    )
    expect(style).toContain('*{box-sizing:border-box}')
  })

  it('removes the import of readFileSync if nothing else needs it', () => {
    const importLine = "import { readFileSync } from 'node:fs'\n"
    const read = "const a = readFileSync(new URL('./page/icon.svg', import.meta.url), 'utf8')\n"
    expect(withTextFilesInlined(importLine + read, url)).toBe(`const a = ${JSON.stringify(ICON)}\n`)
    const other = "readFileSync(path, 'utf8')\n"
    expect(withTextFilesInlined(importLine + other, url)).toBe(importLine + other)
  })

  it('refuses a read whose path is not a literal, and a file that does not exist', () => {
    expect(() => withTextFilesInlined("readFileSync(new URL(name, import.meta.url), 'utf8')", url)).toThrow(
      /page-files\.ts: write readFileSync\(new URL\('\.\/name', import\.meta\.url\), 'utf8'\)/,
    )
    expect(() =>
      withTextFilesInlined("readFileSync(new URL('./none.txt', import.meta.url), 'utf8')", url),
    ).toThrow(/ENOENT/)
  })

  it('leaves no code in the package that reads a file beside it', () => {
    const built = filesBelow('dist').filter((path) => /\.c?js$/.test(path))
    expect(built).toContain('dist/dashboard.js')
    expect(built.filter((path) => textOf(path).includes('new URL("./'))).toEqual([])
    expect(textOf('dist/dashboard.js')).toContain('<title>Rate limits</title>')
  })
})
