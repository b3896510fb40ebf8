/**
 * The wire format of Redis, as far as a scripted server needs it. Texts are latin1: one character is one byte.
 * https://redis.io/docs/latest/develop/reference/protocol-spec/
 */

/** A reply that says that a command failed: `-OOM ...`. */
export function errorReply(message: string): string {
  return `-${message}\r\n`
}

export function statusReply(text: string): string {
  return `+${text}\r\n`
}

export function integerReply(value: number): string {
  return `:${value}\r\n`
}

export function textReply(text: string): string {
  return `$${text.length}\r\n${text}\r\n`
}

/** An array of what was made by the other functions. */
export function arrayReply(items: readonly string[]): string {
  return `*${items.length}\r\n${items.join('')}`
}

/** A map of RESP3, of what was made by the other functions, names and values by turns. */
export function mapReply(items: readonly string[]): string {
  return `%${items.length / 2}\r\n${items.join('')}`
}

export const NIL_REPLY = '$-1\r\n'

/** The commands that a text of a client holds, each as its words, and what is left of one that is not all there. */
export function wordsIn(text: string): { readonly commands: string[][]; readonly rest: string } {
  const commands: string[][] = []
  let at = 0
  for (;;) {
    const command = commandAt(text, at)
    if (command === undefined) return { commands, rest: text.slice(at) }
    commands.push(command.words)
    at = command.end
  }
}

function commandAt(text: string, start: number): { words: string[]; end: number } | undefined {
  const head = lineAt(text, start)
  if (head === undefined) return undefined
  const words: string[] = []
  let at = head.end
  for (let left = Number(head.line.slice(1)); left > 0; left--) {
    const size = lineAt(text, at)
    if (size === undefined) return undefined
    const end = size.end + Number(size.line.slice(1))
    if (text.length < end + 2) return undefined
    words.push(text.slice(size.end, end))
    at = end + 2
  }
  return { words, end: at }
}

function lineAt(text: string, start: number): { line: string; end: number } | undefined {
  const end = text.indexOf('\r\n', start)
  return end === -1 ? undefined : { line: text.slice(start, end), end: end + 2 }
}
