import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { LoggedLine } from './logged-request.ts'

/** A log that is read line by line, however long it is. */
export interface AccessLog {
  /** Once only. Throws an error that names the file if it cannot be read to its end. */
  lines(): AsyncIterable<LoggedLine>
  /** How much of the file has been read, from 0 to 1. */
  progress(): number
  close(): void
}

/** Opens a log in any form that the library's own program reads: that one knows the formats. */
export function openAccessLog(path: string): AccessLog {
  let share = 0
  let reader: ChildProcess | undefined
  return {
    progress: () => share,
    close: () => void reader?.kill(),
    async *lines() {
      const child = spawn(process.execPath, [programPath(), 'entries', '--', path], {
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      reader = child
      let messages = ''
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        messages += text
      })
      const ended = once(child, 'close')
      for await (const line of createInterface({ input: child.stdout })) {
        const entry = JSON.parse(line) as LoggedLine & { readonly share?: number }
        share = entry.share ?? share
        yield entry
      }
      const [code] = (await ended) as [number | null]
      if (code !== 0) throw new Error(messages.trim().replace(/^express-tollgate: /, ''))
      share = 1
    },
  }
}

/** The program of the package, wherever that is installed. */
function programPath(): string {
  const manifest = createRequire(import.meta.url).resolve('express-tollgate/package.json')
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    readonly bin: Readonly<Record<string, string>>
  }
  const path = join(dirname(manifest), bin['express-tollgate'] ?? '')
  if (!existsSync(path)) throw new Error(`${path} is missing. Run npm run build.`)
  return path
}
