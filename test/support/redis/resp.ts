/**
 * The part of the protocol of Redis that a scripted server needs. Texts are latin1: one character is one
 * byte. https://redis.io/docs/latest/develop/reference/protocol-spec/
 */

/** The reply to a command that failed: `-OOM ...`. */
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

/** An array of replies. */
export function arrayReply(items: readonly string[]): string {
  return `*${items.length}\r\n${items.join('')}`
}

/** A map of RESP3. `items` are replies: name, value, name, value ... */
export function mapReply(items: readonly string[]): string {
  return `%${items.length / 2}\r\n${items.join('')}`
}

export const NIL_REPLY = '$-1\r\n'

/** The complete commands in a text, each as its words, and the rest of the text. */
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
