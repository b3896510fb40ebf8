/** Longer lines are cut there: a file without line ends must not fill the memory. */
export const LONGEST_LINE = 65_536

/**
 * The lines of a stream of bytes, without their ends. Bytes become the characters of the same number
 * (latin1), so that a log in any encoding, or in several, keeps its paths as they were sent.
 */
export async function* splitLines(chunks: AsyncIterable<Buffer | string>): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of chunks) {
    const pieces = (typeof chunk === 'string' ? chunk : chunk.toString('latin1')).split('\n')
    const last = pieces.pop() ?? ''
    for (const piece of pieces) {
      yield trimEnd(cut(rest + piece))
      rest = ''
    }
    rest = cut(rest + last)
  }
  if (rest !== '') yield trimEnd(rest)
}

function cut(line: string): string {
  return line.length > LONGEST_LINE ? line.slice(0, LONGEST_LINE) : line
}

function trimEnd(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line
}
