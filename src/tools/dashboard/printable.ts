/**
 * Replaces control, format and other characters without a visible form by U+FFFD. The names of routes may be names
 * of files, and clients may choose their keys: neither must hide or turn around the text beside it.
 */
export function printable(text: string): string {
  return text.replace(/\p{C}/gu, '\ufffd')
}
