import { openAccessLog } from './access-log.ts'
import { readArguments } from './arguments.ts'
import { createPace } from './pace.ts'
import { play } from './player.ts'
import { createProgressBar, type Progress, type ProgressTarget } from './progress-bar.ts'
import { formatReport } from './report.ts'
import { createSender } from './sender.ts'
import { TallyKeeper } from './tally.ts'

/** The outputs of a replay. */
export interface ReplayOutput {
  readonly report: { write(text: string): unknown }
  readonly progress: ProgressTarget
}

const MAX_CONNECTIONS = 16

/** Plays a log by the arguments of the command line, and writes a report. Returns the exit code. */
export async function runReplay(
  argv: readonly string[],
  output: ReplayOutput,
  signal: AbortSignal,
): Promise<number> {
  const { logPath, url, speed } = readArguments(argv)
  const log = openAccessLog(logPath)
  const sender = createSender(url, MAX_CONNECTIONS)
  const tally = new TallyKeeper()
  const bar = createProgressBar(output.progress)
  const progress = (): Progress => ({ share: log.progress(), lines: tally.lines, refused: tally.refused })
  const onProgress = (): void => bar.update(progress())
  const startMs = performance.now()
  let failure: string | undefined
  try {
    await play({ lines: log.lines(), pace: createPace(speed), sender, tally, signal, onProgress })
  } catch (error) {
    failure = explain(error, url, signal)
  } finally {
    sender.close()
  }
  bar.finish(progress())
  // After a failure too, the report covers the requests that were sent.
  output.report.write(`${formatReport(tally.tally(), performance.now() - startMs)}\n`)
  if (failure !== undefined) output.progress.write(`replay: ${failure}\n`)
  return failure === undefined ? 0 : 1
}

function explain(error: unknown, url: URL, signal: AbortSignal): string {
  if (signal.aborted) return 'interrupted. The report covers the requests that were sent.'
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ECONNREFUSED') {
    return (
      `no server answers at ${url.origin}. Start the server in another terminal: ` +
      'API_RATE_LIMIT_TRUST_PROXY=loopback npm start'
    )
  }
  return error instanceof Error ? error.message : String(error)
}
