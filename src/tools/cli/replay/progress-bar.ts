/** Where progress is shown. */
export interface ProgressTarget {
  write(text: string): unknown
}

/** The progress of a replay. */
export interface Progress {
  /** The share of the logs that was read, from 0 to 1; undefined where their size is unknown. */
  readonly share: number | undefined
  readonly lines: number
  readonly refused: number
}

export interface ProgressBar {
  /** Shows progress, at most ten times a second. Other calls cost almost nothing. */
  update(progress: Progress): void
  /** Clears the line. */
  finish(): void
}

const WIDTH = 30
const INTERVAL_MS = 100

/** Makes a progress bar on one line of a terminal. */
export function createProgressBar(
  target: ProgressTarget,
  now: () => number = () => performance.now(),
): ProgressBar {
  let shownMs = now()
  let isShown = false
  return {
    update(progress) {
      if (now() - shownMs < INTERVAL_MS) return
      shownMs = now()
      isShown = true
      // Returns to the start of the line, and clears the rest of a longer text.
      target.write(`\r${formatProgress(progress)}\x1b[K`)
    },
    finish() {
      if (isShown) target.write('\r\x1b[K')
    },
  }
}

function formatProgress({ share, lines, refused }: Progress): string {
  const counts = `${lines} lines, ${refused} refused`
  if (share === undefined) return counts
  const filled = Math.floor(share * WIDTH)
  const percent = String(Math.floor(share * 100)).padStart(3)
  return `[${'#'.repeat(filled)}${'-'.repeat(WIDTH - filled)}] ${percent} %  ${counts}`
}
