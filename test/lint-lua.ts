/**
 * Runs luacheck on the Lua scripts of Redis: npm run lint:lua
 *
 * luacheck has to see a script as Redis does, with all files that it includes. This prints the place of each
 * warning in the file that the line comes from.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type ScriptLine, scriptLines } from '../src/stores/redis/scripts/assemble-script.ts'

const root = new URL('../', import.meta.url)
const folder = new URL('src/stores/redis/scripts/', root)

/** A place as a path from the root of the project. */
function placeOf(line: ScriptLine | undefined): string {
  return line === undefined ? 'unknown' : `${line.file.href.slice(root.href.length)}:${line.line}`
}

/** The warnings of luacheck on one script. */
function warningsOf(lines: readonly ScriptLine[]): string[] {
  const flags = ['--formatter', 'plain', '--codes', '--filename', 'script', '-']
  const { stdout, stderr, error } = spawnSync('luacheck', flags, {
    cwd: fileURLToPath(root),
    input: lines.map(({ text }) => `${text}\n`).join(''),
    encoding: 'utf8',
  })
  if (error !== undefined) {
    throw new Error(`luacheck did not run: ${error.message}. Install the Debian package lua-check.`)
  }
  if (stderr !== '') throw new Error(`luacheck failed: ${stderr}`)
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) =>
      line
        .replace(/^script:(\d+):/, (_, at: string) => `${placeOf(lines[Number(at) - 1])}:`)
        .replace(/on line (\d+)/, (_, at: string) => `at ${placeOf(lines[Number(at) - 1])}`),
    )
}

const files = readdirSync(folder)
  .filter((name) => name.endsWith('.lua'))
  .map((name) => new URL(name, folder))
const scripts = files.map((file) => ({ file, lines: scriptLines(file) }))
const isIncluded = (file: URL): boolean =>
  scripts.some((other) => other.file !== file && other.lines.some((line) => line.file.href === file.href))
const whole = scripts.filter(({ file }) => !isIncluded(file))

// Several scripts include the same file: each warning is printed once.
const warnings = new Set(whole.flatMap(({ lines }) => warningsOf(lines)))
for (const warning of warnings) console.log(warning)
console.log(`luacheck: ${warnings.size} warnings in ${whole.length} scripts of ${files.length} files`)
if (warnings.size > 0 || whole.length === 0) process.exitCode = 1
