import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DescribeSuite, describeUnless } from '../describe-unless.ts'

const hasPromtool = spawnSync('promtool', ['--version'], { stdio: 'ignore' }).status === 0

const NO_PROMTOOL = 'skipped: no promtool on the PATH (Debian: apt-get install prometheus)'

/** `describe` for tests that need promtool. */
export const describePromtool: DescribeSuite = describeUnless(hasPromtool ? undefined : NO_PROMTOOL)

/** The exit status and the output of promtool on `input`. The status is 0 if it finds no problem. */
export function promtool(
  args: readonly string[],
  input = '',
): Pick<SpawnSyncReturns<string>, 'status' | 'output'> {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' })
  return { status, output: [stdout, stderr] }
}

/** The same on a file with this text, for commands of promtool that do not read their input. */
export function promtoolOnFile(args: readonly string[], text: string): ReturnType<typeof promtool> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-promtool-'))
  try {
    const file = join(folder, 'file.yml')
    writeFileSync(file, text)
    return promtool([...args, file])
  } finally {
    rmSync(folder, { recursive: true })
  }
}
