import { describe, expect, it } from 'vitest'
import { runEntries } from '../../../../src/tools/cli/entries/run-entries.ts'
import { fakeTerminal } from '../fake-terminal.ts'
import { combinedLine } from '../log-lines.ts'

describe('the entries of a log', () => {
  it('are JSON, one for each line', async () => {
    const terminal = fakeTerminal({ input: `${combinedLine({ request: 'GET /\xe4 HTTP/1.1' })}\nx\n` })
    expect(await runEntries(['-'], terminal)).toBe(0)
    const [first, ...others] = terminal.written().split('\n')
    expect(JSON.parse(first ?? '')).toEqual({
      address: '198.51.100.7',
      timeMs: Date.UTC(2015, 4, 17, 10, 5, 3),
      method: 'GET',
      // Bytes of the log, as characters of the same number: UTF-8 of one letter is two.
      target: '/\xc3\xa4',
      status: 200,
    })
    expect(others).toEqual(['{"unreadable":"no client address at column 1"}', ''])
  })

  it('wait for a reader that is slower than they are', async () => {
    const events: string[] = []
    const terminal = fakeTerminal({ input: `${combinedLine()}\n` })
    const output = {
      write: () => {
        events.push('write')
        return false
      },
      once: (_event: 'drain', listener: () => void) => {
        setImmediate(() => {
          events.push('drain')
          listener()
        })
      },
    }
    await runEntries(['-'], { ...terminal, output })
    expect(events).toEqual(['write', 'drain'])
  })

  it.each([
    [[], "entries: takes a log, got undefined. Give an access log, or '-' for standard input."],
    [['-', '--format', 'xml'], "--format: takes one of a few names, got 'xml'."],
    [['/no/such/log'], '/no/such/log: cannot be read (ENOENT'],
  ])('are refused for %j', async (words, message) => {
    await expect(runEntries(words, fakeTerminal())).rejects.toThrow(message)
  })
})
