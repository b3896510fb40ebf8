/** Longer lines are cut there: a file without line ends must not fill the memory. */
export const LONGEST_LINE = 65_536

/**
 * The lines of a stream of bytes, without their ends, by the block in which they ended. Bytes become the characters
 * of the same number (latin1), so that a log in any encoding, or in several, keeps its paths as they were sent.
 */
export async function* lineBlocks(
  chunks: AsyncIterable<Buffer | string>,
): AsyncGenerator<readonly string[], void, undefined> {
  let rest = ''
  for await (const chunk of chunks) {
    const lines = (typeof chunk === 'string' ? chunk : chunk.toString('latin1')).split('\n')
    const last = lines.pop() ?? ''
    if (lines.length === 0) {
      rest = cut(rest + last)
      continue
    }
    lines[0] = rest + (lines[0] ?? '')
    rest = cut(last)
    yield lines.map(trimmed)
  }
  if (rest !== '') yield [trimmed(rest)]
}

function trimmed(line: string): string {
  const whole = cut(line)
  return whole.endsWith('\r') ? whole.slice(0, -1) : whole
}

function cut(line: string): string {
  return line.length > LONGEST_LINE ? line.slice(0, LONGEST_LINE) : line
}
