import { readFileSync } from 'node:fs'

/** A fenced block of a Markdown file. */
export interface CodeBlock {
  readonly language: string
  /** The line on which the code begins, counted from 1. */
  readonly line: number
  readonly code: string
}

/** The fenced blocks of a Markdown file, in their order. */
export function codeBlocksOf(file: URL): CodeBlock[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  const blocks: CodeBlock[] = []
  let open: { language: string; line: number; code: string[] } | undefined
  for (const [index, text] of lines.entries()) {
    const fence = /^```(\w*)$/.exec(text)
    if (fence === null) {
      open?.code.push(text)
    } else if (open === undefined) {
      open = { language: fence[1] ?? '', line: index + 2, code: [] }
    } else {
      blocks.push({ language: open.language, line: open.line, code: `${open.code.join('\n')}\n` })
      open = undefined
    }
  }
  return blocks
}
