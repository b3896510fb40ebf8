import { Readable } from 'node:stream'
import type { Terminal } from '../../../src/tools/cli/terminal.ts'

/** A terminal that keeps what is written to it. */
export interface FakeTerminal extends Terminal {
  /** What was written to standard output. */
  written(): string
  /** What was written to standard error. */
  told(): string
}

export function fakeTerminal({
  input = '',
  isTTY = false,
}: {
  input?: string | Buffer
  isTTY?: boolean
} = {}): FakeTerminal {
  const texts = { output: '', messages: '' }
  const to = (name: 'output' | 'messages') => ({
    write: (text: string): void => {
      texts[name] += text
    },
  })
  return {
    input: Readable.from([Buffer.from(input)]),
    output: to('output'),
    messages: { ...to('messages'), isTTY },
    written: () => texts.output,
    told: () => texts.messages,
  }
}
