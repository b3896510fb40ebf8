import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { assembleScript, scriptLines } from '../../../../src/stores/redis/scripts/assemble-script.ts'
import { withLuaScriptsInlined } from '../../../../tsup.config.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-scripts-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const fileOf = (name: string): URL => pathToFileURL(join(folder, name))

function write(files: Readonly<Record<string, readonly string[]>>): void {
  for (const [name, lines] of Object.entries(files)) writeFileSync(fileOf(name), `${lines.join('\n')}\n`)
}

describe('an assembled script', () => {
  it('has the text of an included file in the place of its include line', () => {
    write({ 'main.lua': ['local a = 1', '-- include: part', 'return a + b'], 'part.lua': ['local b = 2'] })
    expect(assembleScript(fileOf('main.lua'))).toBe('local a = 1\nlocal b = 2\nreturn a + b')
  })

  it('has each file once, where it is first included, also by another included file', () => {
    write({
      'main.lua': ['-- include: one', '-- include: two', '-- include: base', 'return 0'],
      'one.lua': ['-- include: base', 'one()'],
      'two.lua': ['-- include: base', '-- include: one', 'two()'],
      'base.lua': ['-- include: main', 'base()'],
    })
    expect(assembleScript(fileOf('main.lua'))).toBe('base()\none()\ntwo()\nreturn 0')
  })

  it('has no comments, no empty lines and no indentation', () => {
    write({ 'main.lua': ['-- what it does', '', 'if a then', '  -- why', '  return 1', 'end'] })
    expect(assembleScript(fileOf('main.lua'))).toBe('if a then\nreturn 1\nend')
  })

  it('cannot be made if an included file is missing', () => {
    write({ 'main.lua': ['-- include: missing'] })
    expect(() => assembleScript(fileOf('main.lua'))).toThrow('missing.lua')
  })

  it('can be read line by line, with comments and the place of each line', () => {
    write({ 'main.lua': ['-- why', '-- include: part', 'return a'], 'part.lua': ['local a'] })
    expect(scriptLines(fileOf('main.lua'))).toEqual([
      { file: fileOf('main.lua'), line: 1, text: '-- why' },
      { file: fileOf('part.lua'), line: 1, text: 'local a' },
      { file: fileOf('main.lua'), line: 3, text: 'return a' },
    ])
  })
})

describe('the build', () => {
  it('replaces a call of assembleScript by its result', () => {
    write({ 'main.lua': ['-- why', 'return "text"'] })
    const call = "assembleScript(new URL('./main.lua', import.meta.url))"
    expect(withLuaScriptsInlined(`const a = f(${call})`, fileOf('source.ts'))).toBe(
      'const a = f("return \\"text\\"")',
    )
  })

  it('fails for a call that it cannot replace', () => {
    expect(() => withLuaScriptsInlined('assembleScript(file)', fileOf('source.ts'))).toThrow(
      "source.ts: write assembleScript(new URL('./name.lua', import.meta.url)) on one line.",
    )
  })
})
