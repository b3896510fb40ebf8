import { describe, expect, it } from 'vitest'
import { createProgressBar } from '../../../../examples/agentwatch/replay/progress-bar.ts'

function shownTexts(isTTY: boolean, atMs: readonly number[]): string[] {
  const written: string[] = []
  let nowMs = 0
  const bar = createProgressBar({ isTTY, write: (text: string) => written.push(text) }, () => nowMs)
  for (const ms of atMs) {
    nowMs = ms
    bar.update({ share: ms / 10_000, lines: ms, refused: 3 })
  }
  bar.finish({ share: 1, lines: 10_000, refused: 4 })
  return written
}

describe('createProgressBar', () => {
  it('moves on a terminal, at most ten times a second', () => {
    expect(shownTexts(true, [0, 50, 99, 100, 5000])).toEqual([
      '\r[------------------------------]   0 %  0 lines, 3 refused\x1b[K',
      '\r[------------------------------]   1 %  100 lines, 3 refused\x1b[K',
      '\r[###############---------------]  50 %  5000 lines, 3 refused\x1b[K',
      '\r[##############################] 100 %  10000 lines, 4 refused\x1b[K',
      '\n',
    ])
  })

  it('writes a line every five seconds to a file', () => {
    expect(shownTexts(false, [0, 100, 4999, 5000, 9999])).toEqual([
      '[###############---------------]  50 %  5000 lines, 3 refused\n',
      '[##############################] 100 %  10000 lines, 4 refused\n',
    ])
  })
})
