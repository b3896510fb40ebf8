import { writeFile } from 'node:fs/promises'
import { RateLimiterError } from '../../../errors/rate-limiter-error.ts'
import { createLineParser, type LineParser } from '../log/line-parser.ts'
import { LogContents } from '../log/log-contents.ts'
import type { LogFile } from '../log/log-file.ts'
import { openLogsInOrder } from '../log/ordered-logs.ts'
import { printableJson, printableText } from '../printable-text.ts'
import { EXIT_CODES, type Terminal } from '../terminal.ts'
import { drawChart } from './chart.ts'
import { ComparedLimit } from './compared-limit.ts'
import { formatSummary } from './format-summary.ts'
import { OfflineLimiter } from './offline-limiter.ts'
import { createProgressBar } from './progress-bar.ts'
import { type ReplaySettings, readReplayOptions } from './replay-options.ts'
import { Replayer } from './replayer.ts'
import { type ReplaySummary, summarise } from './summary.ts'

/**
 * `express-tollgate replay`: reports which requests of access logs the given limits would have refused.
 *
 * @returns the exit code; a refused request is a result, and not a failure
 * @throws RateLimiterError for options that are wrong, and for logs that cannot be read
 */
export async function runReplay(args: readonly string[], terminal: Terminal): Promise<number> {
  const settings = readReplayOptions(args)
  const limiter = new OfflineLimiter(settings.limiter)
  const compared = settings.compared.map((one) => new ComparedLimit(one.requestClass, one.limiter))
  try {
    const createParser = (): LineParser => createLineParser(settings.format, settings.forwardedField)
    const logs = await openLogsInOrder(settings.paths, createParser, terminal)
    const replayer = new Replayer(limiter, compared)
    await replayLogs(logs, createParser, replayer, settings, terminal)
    const files = logs.map(({ path }) => path)
    const summary = summarise({ replayer, limiter, files, top: settings.top, mask: settings.mask })
    if (settings.chart !== undefined) await writeChart(settings.chart, drawChart(replayer, limiter))
    terminal.output.write(
      settings.json ? `${printableJson(JSON.stringify(summary, null, 2))}\n` : formatSummary(summary),
    )
    warnAboutTrust(summary, settings, terminal)
  } finally {
    limiter.close()
    for (const one of compared) one.close()
  }
  return EXIT_CODES.success
}

async function replayLogs(
  logs: readonly LogFile[],
  createParser: () => LineParser,
  replayer: Replayer,
  { progress, format }: ReplaySettings,
  { messages }: Terminal,
): Promise<void> {
  const bar = progress && messages.isTTY === true ? createProgressBar(messages) : undefined
  const sizeBytes = logs.reduce((sum, log) => sum + log.sizeBytes, 0)
  const isSizeKnown = sizeBytes > 0 && logs.every(({ isRereadable }) => isRereadable)
  const shareRead = (): number | undefined =>
    isSizeKnown ? Math.min(1, logs.reduce((sum, log) => sum + log.readBytes(), 0) / sizeBytes) : undefined
  try {
    for (const log of logs) {
      const parseLine = createParser()
      const contents = new LogContents()
      let lineNumber = 0
      for await (const block of log.blocks()) {
        for (const line of block) {
          const parsed = parseLine(line)
          replayer.add(parsed, log.path, ++lineNumber)
          if (!contents.isKnown) contents.add(line, parsed)
        }
        bar?.update({ share: shareRead(), lines: replayer.lines, refused: replayer.refused })
      }
      contents.check(log.path, format)
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
      problem: `cannot be written (${printableText(cause instanceof Error ? cause.message : String(cause))})`,
      remedy: 'Give a file in a folder that exists.',
      cause,
    })
  }
}

/**
 * Behind a proxy, all clients have the address of the proxy, and the report would count them as one client.
 */
function warnAboutTrust(
  { forwardedLines, requests }: ReplaySummary,
  settings: ReplaySettings,
  { messages }: Terminal,
): void {
  const { trustProxy } = settings.limiter
  if (trustProxy === false && forwardedLines > 0) {
    messages.write(
      `${forwardedLines} of ${requests} requests have X-Forwarded-For, but no proxy is trusted. ` +
        'The client of a request is the first address of its line. ' +
        'Add --trust with the value of your trustProxy.\n',
    )
  }
  if (trustProxy !== false && forwardedLines === 0 && requests > 0) {
    messages.write(
      'No line has X-Forwarded-For, so --trust has no effect. ' +
        'The client of a request is the first address of its line. ' +
        'If your log has X-Forwarded-For in a field with another name, add --forwarded-field.\n',
    )
  }
}
