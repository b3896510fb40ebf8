import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A module on disk, for the program, that exports a value of the test. */
export function exportingModule(value: unknown): { readonly path: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'express-tollgate-'))
  const key = JSON.stringify(folder)
  Object.assign(globalThis, { [folder]: value })
  const path = join(folder, 'app.cjs')
  writeFileSync(path, `module.exports = globalThis[${key}]`)
  return { path, remove: () => rmSync(folder, { recursive: true }) }
}
