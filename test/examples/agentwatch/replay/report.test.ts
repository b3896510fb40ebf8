import { describe, expect, it } from 'vitest'
import { formatReport } from '../../../../examples/agentwatch/replay/report.ts'
import { TallyKeeper } from '../../../../examples/agentwatch/replay/tally.ts'

describe('formatReport', () => {
  it('lists refused clients, unreadable lines and failures, and ends with the totals', () => {
    const tally = new TallyKeeper()
    const answers = [
      ['198.51.100.7', 200],
      ['198.51.100.7', 429],
      ['203.0.113.20', 429],
      ['203.0.113.20', 429],
      ['2001:db8::1', 404],
    ] as const
    for (const [address, status] of answers) {
      tally.countLine()
      tally.countAnswer(address, status)
    }
    tally.countLine()
    tally.countUnreadableLine('the line is empty')
    tally.countLine()
    tally.countFailure('GET /: socket hang up')
    expect(formatReport(tally.tally(), 1260)).toBe(
      [
        'Refused clients: 2 of 3',
        '  203.0.113.20                                  2 refused of       2',
        '  198.51.100.7                                  1 refused of       2',
        'Unreadable lines: 1',
        '  line 6: the line is empty',
        'Requests without an answer: 1',
        '  GET /: socket hang up',
        'Totals',
        '  7 lines, 5 answers, 3 clients, 1.3 s',
        '  3 refused (429), 2 allowed',
        '  by status: 200 x 1, 404 x 1, 429 x 3',
      ].join('\n'),
    )
  })

  it('lists the first entries and counts the others', () => {
    const tally = new TallyKeeper()
    for (let index = 0; index < 150; index++) {
      tally.countLine()
      tally.countUnreadableLine('the line is empty')
      tally.countAnswer(`198.51.100.${index}`, 429)
      tally.countFailure('GET /: reset')
    }
    const report = formatReport(tally.tally(), 0).split('\n')
    expect(report).toContain('  and 50 more clients')
    expect(report).toContain('  and 130 more lines')
    expect(report).toContain('  and 130 more requests')
    expect(report.filter((line) => line.includes('refused of'))).toHaveLength(100)
    expect(report.filter((line) => line.includes('line is empty'))).toHaveLength(20)
  })

  it('has zeros for an empty log', () => {
    expect(formatReport(new TallyKeeper().tally(), 0)).toBe(
      [
        'Refused clients: 0 of 0',
        'Unreadable lines: 0',
        'Requests without an answer: 0',
        'Totals',
        '  0 lines, 0 answers, 0 clients, 0.0 s',
        '  0 refused (429), 0 allowed',
        '  by status: none',
      ].join('\n'),
    )
  })
})
