/** The output for the progress: a terminal or a file. */
export interface ProgressTarget {
  readonly isTTY?: boolean
  write(text: string): unknown
}

/** The progress of a replay. */
export interface Progress {
  /** The share of the log that was read, from 0 to 1. */
  readonly share: number
  readonly lines: number
  readonly refused: number
}

/** Shows the progress at intervals. It can be updated as often as one likes. */
export interface ProgressBar {
  update(progress: Progress): void
  /** Shows the last state, and ends the line. */
  finish(progress: Progress): void
}

const WIDTH = 30
const TERMINAL_INTERVAL_MS = 100
/** A file gets fewer lines, because it keeps each of them. */
const FILE_INTERVAL_MS = 5000

/** On a terminal the bar moves. In a file it is a new line every few seconds. */
export function createProgressBar(
  target: ProgressTarget,
  now: () => number = () => performance.now(),
): ProgressBar {
  const isTerminal = target.isTTY === true
  const intervalMs = isTerminal ? TERMINAL_INTERVAL_MS : FILE_INTERVAL_MS
  let shownMs = isTerminal ? Number.NEGATIVE_INFINITY : now()
  const show = (progress: Progress): void => {
    shownMs = now()
    // \r goes back to the start of the line. \x1b[K clears the rest of a longer text.
    target.write(isTerminal ? `\r${bar(progress)}\x1b[K` : `${bar(progress)}\n`)
  }
  return {
    update(progress) {
      if (now() - shownMs >= intervalMs) show(progress)
    },
    finish(progress) {
      show(progress)
      if (isTerminal) target.write('\n')
    },
  }
}

function bar({ share, lines, refused }: Progress): string {
  const full = Math.floor(share * WIDTH)
  const percent = String(Math.floor(share * 100)).padStart(3)
  return `[${'#'.repeat(full)}${'-'.repeat(WIDTH - full)}] ${percent} %  ${lines} lines, ${refused} refused`
}
