import { writeFile } from 'node:fs/promises'
import { RateLimiterError } from '../../../errors/rate-limiter-error.ts'
import { createLineParser } from '../log/line-parser.ts'
import type { ParsedLine } from '../log/log-entry.ts'
import type { LogFile } from '../log/log-file.ts'
import { openInOrder } from '../log/order-logs.ts'
import { EXIT, type Terminal } from '../terminal.ts'
import { drawChart } from './chart.ts'
import { formatSummary } from './format-summary.ts'
import { OfflineLimiter } from './offline-limiter.ts'
import { createProgressBar } from './progress-bar.ts'
import { type ReplaySettings, readReplayOptions } from './replay-options.ts'
import { Replayer } from './replayer.ts'
import { type ReplaySummary, summarise } from './summary.ts'

/**
 * `express-tollgate replay`: what the given limits would have done to the requests of a log.
 *
 * @returns the exit code; a refused request is a finding, not a failure
 * @throws RateLimiterError for options that make no sense, and logs that cannot be read
 */
export async function runReplay(words: readonly string[], terminal: Terminal): Promise<number> {
  const options = readReplayOptions(words)
  const limiter = new OfflineLimiter(options.limiter)
  try {
    const parse = createLineParser(options.format, options.forwardedField)
    const logs = await openInOrder(options.paths, parse, terminal)
    const replayer = new Replayer(limiter)
    await playLogs(logs, parse, replayer, options, terminal)
    const files = logs.map(({ path }) => path)
    const summary = summarise({ replayer, limiter, files, top: options.top, mask: options.mask })
    if (options.chart !== undefined) await writeChart(options.chart, drawChart(replayer, limiter))
    terminal.output.write(options.json ? `${JSON.stringify(summary, null, 2)}\n` : formatSummary(summary))
    warnOfTrust(summary, options, terminal)
  } finally {
    limiter.close()
  }
  return EXIT.fine
}

async function playLogs(
  logs: readonly LogFile[],
  parse: (line: string) => ParsedLine,
  replayer: Replayer,
  { progress }: ReplaySettings,
  { messages }: Terminal,
): Promise<void> {
  const bar = progress && messages.isTTY === true ? createProgressBar(messages) : undefined
  const sizeBytes = logs.reduce((sum, log) => sum + log.sizeBytes, 0)
  const isKnown = sizeBytes > 0 && logs.every(({ path }) => path !== '-')
  const share = (): number | undefined =>
    isKnown ? Math.min(1, logs.reduce((sum, log) => sum + log.readBytes(), 0) / sizeBytes) : undefined
  try {
    for (const log of logs) {
      let number = 0
      for await (const block of log.blocks()) {
        for (const line of block) replayer.add(parse(line), log.path, ++number)
        bar?.update({ share: share(), lines: replayer.lines, refused: replayer.refused })
      }
    }
  } finally {
    bar?.finish()
  }
}

async function writeChart(path: string, svg: string): Promise<void> {
  try {
    await writeFile(path, svg)
  } catch (cause) {
    throw new RateLimiterError({
      code: 'invalid_option',
      option: '--chart',
      value: path,
      problem: `cannot be written (${cause instanceof Error ? cause.message : cause})`,
      remedy: 'Give a file in a folder that exists.',
      cause,
    })
  }
}

/** Behind a proxy every client has the proxy's address: limits for all of them together mean nothing. */
function warnOfTrust(
  { forwardedLines, requests }: ReplaySummary,
  options: ReplaySettings,
  { messages }: Terminal,
): void {
  const { trustProxy } = options.limiter
  if (trustProxy === false && forwardedLines > 0) {
    messages.write(
      `${forwardedLines} of ${requests} requests carry X-Forwarded-For, and nobody is trusted: ` +
        'clients are told apart by the first address of a line. Add --trust as in your trustProxy.\n',
    )
  }
  if (trustProxy !== false && forwardedLines === 0 && requests > 0) {
    messages.write(
      'No line carries X-Forwarded-For, so --trust changes nothing: clients are told apart by the first address ' +
        'of a line. With another name in JSON, add --forwarded-field.\n',
    )
  }
}
