/** Where progress is shown: a terminal, or a file of some kind. */
export interface ProgressTarget {
  readonly isTTY?: boolean
  write(text: string): unknown
}

/** How far a replay is. */
export interface Progress {
  /** From 0 to 1. */
  readonly share: number
  readonly lines: number
  readonly refused: number
}

/** Shows progress now and then: as often as it is told costs next to nothing. */
export interface ProgressBar {
  update(progress: Progress): void
  /** Shows the last state and leaves the line. */
  finish(progress: Progress): void
}

const WIDTH = 30
const TERMINAL_INTERVAL_MS = 100
/** A bar that moves would fill a file with its frames. */
const FILE_INTERVAL_MS = 5000

/** A bar that moves on a terminal; elsewhere a line every few seconds. */
export function createProgressBar(
  target: ProgressTarget,
  now: () => number = () => performance.now(),
): ProgressBar {
  const isTerminal = target.isTTY === true
  const intervalMs = isTerminal ? TERMINAL_INTERVAL_MS : FILE_INTERVAL_MS
  let shownMs = isTerminal ? Number.NEGATIVE_INFINITY : now()
  const show = (progress: Progress): void => {
    shownMs = now()
    // Back to the start of the line, and clear what is left of a longer one.
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
