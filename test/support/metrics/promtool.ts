import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe } from 'vitest'

const hasPromtool = spawnSync('promtool', ['--version'], { stdio: 'ignore' }).status === 0

const NO_PROMTOOL = 'skipped: no promtool on the PATH (Debian: apt-get install prometheus)'

/** `describe` for what asks promtool; skipped, with a line that says how to get it, where there is none. */
export const describePromtool: typeof describe.only = describeWithPromtool()

function describeWithPromtool(): typeof describe.only {
  if (!hasPromtool) console.warn(NO_PROMTOOL)
  return describe.skipIf(!hasPromtool) as typeof describe.only
}

/** What promtool says of `input`, and how it ends: with 0 when it has nothing to find fault with. */
export function promtool(
  args: readonly string[],
  input = '',
): Pick<SpawnSyncReturns<string>, 'status' | 'output'> {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' })
  return { status, output: [stdout, stderr] }
}

/** What promtool says of a file with this text, where it does not read its input. */
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
