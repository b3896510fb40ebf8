const BACKSLASH = 0x5c

/** The position of the quote that ends the quoted part from `start`, or -1. Escaped quotes do not end it. */
export function endOfQuoted(line: string, start: number): number {
  for (let at = line.indexOf('"', start + 1); at !== -1; at = line.indexOf('"', at + 1)) {
    let first = at
    while (first - 1 > start && line.charCodeAt(first - 1) === BACKSLASH) first--
    // Two backslashes are an escaped backslash, and do not escape the quote.
    if ((at - first) % 2 === 0) return at
  }
  return -1
}

/** The reason why a line without a part is unreadable. `at` counts from 0, and the message from 1. */
export function missingPart(part: string, at: number): { readonly unreadable: string } {
  return { unreadable: `no ${part} at column ${at + 1}` }
}
