import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { limitMarks, marksHeight, placeMarks } from '../../../../src/tools/cli/replay/limit-marks.ts'
import { textWidth } from '../../../../src/tools/cli/replay/svg.ts'

describe('the marks of limits', () => {
  it('are the limits that were used, and the suggested limits with all shares that they serve', () => {
    const counts = [
      { units: 2, clients: 1990 },
      { units: 8, clients: 9 },
      { units: 40, clients: 1 },
    ]
    expect(limitMarks([20, 50, 20], counts)).toEqual([
      { units: 20, label: 'limit 20' },
      { units: 50, label: 'limit 50' },
      { units: 8, label: '0.1 %: 8', dashes: '2 3' },
      { units: 2, label: '1 %, 5 %: 2', dashes: '2 3' },
    ])
  })

  it('have labels that no other label and no line crosses', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ units: fc.nat(600), label: fc.string({ maxLength: 14 }) })),
        (marks) => {
          const placed = placeMarks(marks, (units) => units)
          for (const label of placed) {
            for (const other of placed) {
              if (label === other || other.x < label.x || other.x > label.x + textWidth(label.label)) continue
              expect(other.row).not.toBe(label.row)
              // The line of a mark begins at its label, and goes down from there.
              if (other.x > label.x) expect(other.row).toBeLessThan(label.row)
            }
          }
        },
      ),
    )
  })

  it('take the height of their rows', () => {
    expect(marksHeight([])).toBe(0)
    const placed = placeMarks(
      [
        { units: 1, label: 'limit 1' },
        { units: 2, label: 'limit 2' },
      ],
      (units) => units,
    )
    expect(marksHeight(placed)).toBe(32)
  })
})
