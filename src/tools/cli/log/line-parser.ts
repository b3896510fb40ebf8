import { type LineTools, parseCombinedLine } from './combined-line.ts'
import { parseJsonLine } from './json-line.ts'
import type { ParsedLine } from './log-entry.ts'
import { LogTimes } from './log-time.ts'
import { TextPool } from './text-pool.ts'

/** How a log is written; `auto` looks at each line. */
export type LogFormat = 'auto' | 'combined' | 'common' | 'json'

export const LOG_FORMATS: readonly LogFormat[] = ['auto', 'combined', 'common', 'json']

/** Compiles the parser of a format. */
export function createLineParser(
  format: LogFormat,
  forwardedField: string | undefined,
): (line: string) => ParsedLine {
  const tools: LineTools = { times: new LogTimes(), texts: new TextPool() }
  return (line) => {
    if (line === '' || line.trim() === '') return { unreadable: 'the line is empty' }
    if (format === 'json' || (format === 'auto' && line.startsWith('{'))) {
      return parseJsonLine(line, tools, forwardedField)
    }
    return parseCombinedLine(line, tools, format === 'combined')
  }
}
