import { describe, expect, it } from 'vitest'
import { spreadOf } from './statistics.ts'
import { figureText, renderTable, spreadText } from './table.ts'

describe('renderTable', () => {
  it('has the first column flush left and the others flush right, as wide as their widest cell', () => {
    const rows = [
      ['ours', '7', 'fast'],
      ['another build', '1,234', ''],
    ]
    expect(renderTable(['', 'ns', 'what'], rows)).toBe(
      [
        '                  ns  what',
        '-------------  -----  ----',
        'ours               7  fast',
        'another build  1,234',
      ].join('\n'),
    )
  })

  it('aligns more columns to the left on request', () => {
    expect(
      renderTable(
        ['a', 'b', 'c'],
        [
          ['1', '2', '3'],
          ['11', '22', '33'],
        ],
        2,
      ),
    ).toBe(['a   b    c', '--  --  --', '1   2    3', '11  22  33'].join('\n'))
  })

  it('leaves empty what a short row does not have', () => {
    expect(renderTable(['a', 'b'], [['1']])).toBe(['a  b', '-  -', '1'].join('\n'))
  })
})

describe('figureText', () => {
  it.each([
    [0, '0'],
    [0.012_345, '0.0123'],
    [1.2345, '1.23'],
    [-17.46, '-17.5'],
    [99.95, '100.0'],
    [123.4, '123'],
    [1234.5, '1,235'],
    [1_234_567, '1,234,567'],
  ])('writes %d as %s', (figure, text) => {
    expect(figureText(figure)).toBe(text)
  })
})

describe('spreadText', () => {
  it('is the median with the least and the most', () => {
    expect(spreadText(spreadOf([3, 1, 2]))).toBe('2.00 (1.00 to 3.00)')
  })

  it('of a single run is its figure', () => {
    expect(spreadText(spreadOf([1500]))).toBe('1,500')
  })
})
