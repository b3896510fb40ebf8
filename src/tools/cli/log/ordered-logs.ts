import type { Terminal } from '../terminal.ts'
import type { ParsedLine } from './log-entry.ts'
import { type LogFile, logOfStream, openLogFile } from './log-file.ts'

/** As many lines of a file are looked through for a first time. */
const MOST_LINES = 10_000

/**
 * Opens logs in the order of the first times in them: a shell lists `access.log` before `access.log.1`, which is
 * older. Standard input cannot be read twice, and goes last.
 */
export async function openInOrder(
  paths: readonly string[],
  parse: (line: string) => ParsedLine,
  { input }: Terminal,
): Promise<LogFile[]> {
  const logs = await Promise.all(
    paths.map(async (path) => {
      if (path === '-') return { log: logOfStream(input), timeMs: Number.POSITIVE_INFINITY }
      const log = await openLogFile(path)
      return { log, timeMs: paths.length === 1 ? 0 : await firstTime(log, parse) }
    }),
  )
  return logs.sort((one, other) => one.timeMs - other.timeMs || 0).map(({ log }) => log)
}

async function firstTime(log: LogFile, parse: (line: string) => ParsedLine): Promise<number> {
  let lines = 0
  for await (const block of log.blocks()) {
    for (const line of block) {
      const parsed = parse(line)
      if (!('unreadable' in parsed)) return parsed.timeMs
      lines++
      if (lines >= MOST_LINES) return 0
    }
  }
  return 0
}
