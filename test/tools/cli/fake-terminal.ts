import { Readable } from 'node:stream'
import type { Terminal } from '../../../src/tools/cli/terminal.ts'

/** A terminal that keeps the text that is written to it. */
export interface FakeTerminal extends Terminal {
  /** The text that was written to standard output. */
  outputText(): string
  /** The text that was written to standard error. */
  messagesText(): string
}

export function fakeTerminal({
  input = '',
  isTTY = false,
}: {
  input?: string | Buffer
  isTTY?: boolean
} = {}): FakeTerminal {
  const texts = { output: '', messages: '' }
  const writerOf = (name: 'output' | 'messages') => ({
    write: (text: string): void => {
      texts[name] += text
    },
  })
  return {
    input: Readable.from([Buffer.from(input)]),
    output: writerOf('output'),
    messages: { ...writerOf('messages'), isTTY },
    outputText: () => texts.output,
    messagesText: () => texts.messages,
  }
}
