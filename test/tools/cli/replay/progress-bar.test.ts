import { describe, expect, it } from 'vitest'
import { createProgressBar } from '../../../../src/tools/cli/replay/progress-bar.ts'

describe('a progress bar', () => {
  const start = (): {
    bar: ReturnType<typeof createProgressBar>
    frames: string[]
    advance: (ms: number) => void
  } => {
    const frames: string[] = []
    let nowMs = 0
    const bar = createProgressBar({ write: (text: string) => frames.push(text) }, () => nowMs)
    return { bar, frames, advance: (ms) => (nowMs += ms) }
  }

  it('is written ten times a second at most, and is cleared at the end', () => {
    const { bar, frames, advance } = start()
    for (let lines = 0; lines < 5; lines++) {
      advance(50)
      bar.update({ share: 0.5, lines, refused: 2 })
    }
    bar.finish()
    expect(frames).toEqual([
      '\r[###############---------------]  50 %  1 lines, 2 refused\x1b[K',
      '\r[###############---------------]  50 %  3 lines, 2 refused\x1b[K',
      '\r\x1b[K',
    ])
  })

  it('shows counts only if the size of the logs is unknown', () => {
    const { bar, frames, advance } = start()
    advance(100)
    bar.update({ share: undefined, lines: 7, refused: 0 })
    expect(frames).toEqual(['\r7 lines, 0 refused\x1b[K'])
  })

  it('writes nothing at the end if it was never shown', () => {
    const { bar, frames } = start()
    bar.update({ share: 1, lines: 1, refused: 0 })
    bar.finish()
    expect(frames).toEqual([])
  })
})
