import type { Terminal } from '../terminal.ts'
import type { LineParser } from './line-parser.ts'
import { type LogFile, openLogFile, openLogStream } from './log-file.ts'

/** Lines of a file that are searched for the first time. */
const MAX_SEARCHED_LINES = 10_000

/**
 * Opens logs in the order of their first times: a shell lists `access.log` before `access.log.1`, which is
 * older. Standard input and pipes come last, because they cannot be read twice.
 *
 * @param createParser makes the parser of one log
 */
export async function openLogsInOrder(
  paths: readonly string[],
  createParser: () => LineParser,
  { input }: Terminal,
): Promise<LogFile[]> {
  const logs = await Promise.all(
    paths.map(async (path) => {
      const log = path === '-' ? openLogStream(input) : await openLogFile(path)
      if (!log.isRereadable) return { log, firstMs: Number.POSITIVE_INFINITY }
      return { log, firstMs: paths.length === 1 ? 0 : await firstTimeMs(log, createParser()) }
    }),
  )
  // Infinity minus itself is NaN: logs without an order keep the order in which they were given.
  return logs.sort((one, other) => one.firstMs - other.firstMs || 0).map(({ log }) => log)
}

async function firstTimeMs(log: LogFile, parseLine: LineParser): Promise<number> {
  let lines = 0
  for await (const block of log.blocks()) {
    for (const line of block) {
      const parsed = parseLine(line)
      if (parsed !== undefined && !('unreadable' in parsed)) return parsed.timeMs
      lines++
      if (lines >= MAX_SEARCHED_LINES) return 0
    }
  }
  return 0
}
