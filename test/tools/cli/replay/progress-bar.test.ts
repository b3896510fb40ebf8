import { describe, expect, it } from 'vitest'
import { createProgressBar } from '../../../../src/tools/cli/replay/progress-bar.ts'

describe('a progress bar', () => {
  const started = (): {
    bar: ReturnType<typeof createProgressBar>
    frames: string[]
    turn: (ms: number) => void
  } => {
    const frames: string[] = []
    let nowMs = 0
    const bar = createProgressBar({ write: (text: string) => frames.push(text) }, () => nowMs)
    return { bar, frames, turn: (ms) => (nowMs += ms) }
  }

  it('moves ten times a second at most, and is wiped away', () => {
    const { bar, frames, turn } = started()
    for (let lines = 0; lines < 5; lines++) {
      turn(50)
      bar.update({ share: 0.5, lines, refused: 2 })
    }
    bar.finish()
    expect(frames).toEqual([
      '\r[###############---------------]  50 %  1 lines, 2 refused\x1b[K',
      '\r[###############---------------]  50 %  3 lines, 2 refused\x1b[K',
      '\r\x1b[K',
    ])
  })

  it('counts where nobody knows the end', () => {
    const { bar, frames, turn } = started()
    turn(100)
    bar.update({ share: undefined, lines: 7, refused: 0 })
    expect(frames).toEqual(['\r7 lines, 0 refused\x1b[K'])
  })

  it('leaves no trace where it was never shown', () => {
    const { bar, frames } = started()
    bar.update({ share: 1, lines: 1, refused: 0 })
    bar.finish()
    expect(frames).toEqual([])
  })
})
