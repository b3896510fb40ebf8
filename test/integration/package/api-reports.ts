/**
 * Compares the public types of every entry point in dist with the reports in test/integration/package/api-reports:
 *
 *   npm run api-reports               prints what differs, and fails if anything does
 *   npm run api-reports -- --write    writes the reports
 *
 * A change of what users can import, call or pass is so seen in the diff of a commit.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { library } from '../../../tsup.config.ts'
import { ROOT } from '../../support/project-files.ts'
import { writeApiReport } from './api-report.ts'

const REPORTS = 'test/integration/package/api-reports'

const EXPORT = /^export (?:\w+ )*?(?:class|const|function|interface|type) (\w+)/gm

function fail(problem: string): void {
  console.error(problem)
  process.exitCode = 1
}

const scratch = mkdtempSync(join(tmpdir(), 'api-reports-'))
const isWriting = process.argv.includes('--write')
const folder = isWriting ? join(ROOT, REPORTS) : join(scratch, 'reports')
if (isWriting) rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
const referred = Object.keys(library).flatMap((stem) => writeApiReport(stem, folder, scratch))

const reports = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
const exported = reports.flatMap((text) => [...text.matchAll(EXPORT)].map(([, name = '']) => name))
const unnamed = new Set(referred.filter((name) => !exported.includes(name)))
if (unnamed.size > 0) {
  fail(`Public types refer to types that no entry point exports: ${[...unnamed].join(', ')}. Export them.`)
}
if (!isWriting) {
  const args = ['diff', '--no-index', '--no-color', '--', REPORTS, folder]
  const { status } = spawnSync('git', args, { cwd: ROOT, stdio: 'inherit' })
  if (status !== 0) {
    fail('The public types differ from the reports. If the change is meant: npm run api-reports -- --write')
  }
}
rmSync(scratch, { recursive: true })
console.log(`${reports.length} reports ${isWriting ? 'written to' : 'compared with'} ${REPORTS}`)
