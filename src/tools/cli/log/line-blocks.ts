/** The most characters of a line that can be read. */
export const MAX_LINE_LENGTH = 65_536

/** Longer lines are cut, because a file without line ends must not fill the memory. One more shows the cut. */
const CUT_LENGTH = MAX_LINE_LENGTH + 1

/**
 * The lines of a stream of bytes, without their line ends. The lines that end in one chunk come together.
 * Each byte becomes the character with the same number (latin1). So a log in any encoding, or in several,
 * keeps its paths as they were sent. A line that is longer than {@link MAX_LINE_LENGTH} is cut, and stays
 * longer than that.
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
    yield lines.map(withoutLineEnd)
  }
  if (rest !== '') yield [withoutLineEnd(rest)]
}

function withoutLineEnd(line: string): string {
  const short = cut(line)
  return short.endsWith('\r') ? short.slice(0, -1) : short
}

function cut(line: string): string {
  return line.length > CUT_LENGTH ? line.slice(0, CUT_LENGTH) : line
}
