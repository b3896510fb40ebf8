import { checkChoice, rejectOption } from '../../../errors/option-checks.ts'
import { type OptionKinds, readCommandLine } from '../command-line.ts'
import { createLineParser, LOG_FORMATS } from '../log/line-parser.ts'
import type { LogFile } from '../log/log-file.ts'
import { openInOrder } from '../log/order-logs.ts'
import { EXIT, type Terminal } from '../terminal.ts'

const ENTRIES_OPTIONS: OptionKinds = { '--format': 'value', '--forwarded-field': 'value' }

/**
 * `express-tollgate entries`: what access logs hold, one JSON object a line, for programs that play them elsewhere.
 * Every line of a log becomes one: a request, or `unreadable` with the reason.
 *
 * @returns the exit code
 * @throws RateLimiterError for options that make no sense, and logs that cannot be read
 */
export async function runEntries(words: readonly string[], terminal: Terminal): Promise<number> {
  const line = readCommandLine(words, ENTRIES_OPTIONS)
  if (line.operands.length === 0) {
    rejectOption('entries', undefined, 'takes a log', "Give an access log, or '-' for standard input.")
  }
  const format = checkChoice('--format', line.value('--format'), LOG_FORMATS, 'auto')
  const parse = createLineParser(format, line.value('--forwarded-field'))
  const logs = await openInOrder(line.operands, parse, terminal)
  for (const log of logs) {
    for await (const block of log.blocks()) {
      const share = shareRead(logs)
      const texts = block.map((text) => `${JSON.stringify({ ...parse(text), share })}\n`)
      await writeAll(texts.join(''), terminal)
    }
  }
  return EXIT.fine
}

/** How much of all logs has been read, from 0 to 1; nobody knows of standard input. */
function shareRead(logs: readonly LogFile[]): number | undefined {
  const sizeBytes = logs.reduce((sum, log) => sum + log.sizeBytes, 0)
  if (sizeBytes === 0 || logs.some(({ path }) => path === '-')) return undefined
  const share = logs.reduce((sum, log) => sum + log.readBytes(), 0) / sizeBytes
  return Math.round(Math.min(1, share) * 10_000) / 10_000
}

/** Waits for a reader that is slower than the disk: a log must not pile up in memory. */
async function writeAll(text: string, { output }: Terminal): Promise<void> {
  const { once } = output
  if (output.write(text) !== false || once === undefined) return
  await new Promise<void>((resolve) => once.call(output, 'drain', () => resolve()))
}
