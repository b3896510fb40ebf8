/**
 * Control characters (C0, DEL and C1), characters without a shape, such as those that turn the direction of
 * text, line separators, and halves of a surrogate pair.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** The same without the line feed, for texts of several lines. */
const UNPRINTABLE_IN_LINES = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/**
 * A text as one line without control characters: they are shown as escapes, such as `\x1b`. A person who names a
 * file must not be able to send escape sequences to the terminal, or to write lines of the report.
 */
export function printableText(text: string): string {
  return text.replace(UNPRINTABLE, escapeOf)
}

/** As {@link printableText}, for a text that has several lines. */
export function printableLines(text: string): string {
  return text.replace(UNPRINTABLE_IN_LINES, escapeOf)
}

/** JSON with the same content, in ASCII without control characters other than line feeds. */
export function printableJson(json: string): string {
  return json.replace(/[\x7f-\uffff]/g, (unit) => `\\u${hex(unit.charCodeAt(0), 4)}`)
}

function escapeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return code <= 0xff ? `\\x${hex(code, 2)}` : `\\u{${hex(code, 4)}}`
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0')
}
