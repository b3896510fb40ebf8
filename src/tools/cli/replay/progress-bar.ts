/** Where progress is shown. */
export interface ProgressTarget {
  write(text: string): unknown
}

/** How far a replay is. */
export interface Progress {
  /** From 0 to 1; undefined where nobody knows. */
  readonly share: number | undefined
  readonly lines: number
  readonly refused: number
}

/** Shows progress now and then: as often as it is told costs next to nothing. */
export interface ProgressBar {
  update(progress: Progress): void
  /** Leaves the line as if nothing had been there. */
  finish(): void
}

const WIDTH = 30
const INTERVAL_MS = 100

/** A bar that moves on one line of a terminal. */
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
      // Back to the start of the line, and clear what is left of a longer one.
      target.write(`\r${bar(progress)}\x1b[K`)
    },
    finish() {
      if (isShown) target.write('\r\x1b[K')
    },
  }
}

function bar({ share, lines, refused }: Progress): string {
  const counts = `${lines} lines, ${refused} refused`
  if (share === undefined) return counts
  const full = Math.floor(share * WIDTH)
  const percent = String(Math.floor(share * 100)).padStart(3)
  return `[${'#'.repeat(full)}${'-'.repeat(WIDTH - full)}] ${percent} %  ${counts}`
}
