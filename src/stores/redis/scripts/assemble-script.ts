// Puts the files of a script together into one text.

import { readFileSync } from 'node:fs'

/** A line of a script, and the file that it comes from. */
export interface ScriptLine {
  readonly file: URL
  /** Counted from 1. */
  readonly line: number
  readonly text: string
}

const INCLUDE = /^-- include: (.+)$/
const COMMENT_OR_EMPTY = /^\s*(?:--.*)?$/

/**
 * The text of a script of Redis: that of a Lua file, in which each line `-- include: clock` is replaced by
 * the text of `clock.lua` in the same folder. A file is included once, where it is first named. Comments,
 * empty lines and indentation are left out: Redis need not receive and store them.
 *
 * The build calls this and writes the result into the published package, which reads no file. Tests and tsx
 * call it when they load the module.
 */
export function assembleScript(file: URL): string {
  return scriptLines(file)
    .filter(({ text }) => !COMMENT_OR_EMPTY.test(text))
    .map(({ text }) => text.trim())
    .join('\n')
}

/** The lines of an assembled script with its comments, for tools that name the place of a line. */
export function scriptLines(file: URL, included: Set<string> = new Set()): ScriptLine[] {
  if (included.has(file.href)) return []
  included.add(file.href)
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  return lines.flatMap((text, index) => {
    const name = INCLUDE.exec(text)?.[1]
    return name === undefined
      ? [{ file, line: index + 1, text }]
      : scriptLines(new URL(`${name}.lua`, file), included)
  })
}
