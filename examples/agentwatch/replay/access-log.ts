import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { parseLogLine } from './log-line.ts'
import type { LoggedLine } from './logged-request.ts'

/** An access log that is read line by line, so that a log of any size fits in memory. */
export interface AccessLog {
  /** May be called once. Throws an error with the path if the log cannot be read to its end. */
  lines(): AsyncIterable<LoggedLine>
  /** The share of the file that was read, from 0 to 1. */
  progress(): number
}

/** Longer lines are cut to this length: a file without line ends must not fill the memory. */
const MAX_LINE_BYTES = 65_536
const LINE_FEED = 0x0a

/** Reads a log in the combined format, plain or gzipped. The first bytes of the file decide which. */
export function openAccessLog(path: string): AccessLog {
  let share = 0
  return {
    progress: () => share,
    async *lines() {
      try {
        const { sizeBytes, isGzipped } = await inspect(path)
        const file = createReadStream(path)
        for await (const line of linesOf(isGzipped ? unzipped(file) : file)) {
          share = Math.min(1, file.bytesRead / sizeBytes)
          yield parseLogLine(line)
        }
        share = 1
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        throw new Error(`${path}: cannot be read (${reason}). Give an access log, plain or gzipped.`, {
          cause: error,
        })
      }
    },
  }
}

async function inspect(path: string): Promise<{ sizeBytes: number; isGzipped: boolean }> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0)
    return { sizeBytes: size, isGzipped: buffer[0] === 0x1f && buffer[1] === 0x8b }
  } finally {
    await file.close()
  }
}

/** The reader of the bytes gets every error of the file: `pipeline` passes it on. */
function unzipped(file: Readable): Readable {
  return pipeline(file, createGunzip(), () => undefined)
}

/**
 * The lines of a stream, without their line ends. Each line is decoded on its own, because an address that
 * the tally stores must not keep a whole block of the file in memory.
 */
async function* linesOf(blocks: AsyncIterable<Buffer>): AsyncGenerator<string, void, undefined> {
  let rest = Buffer.alloc(0)
  for await (const block of blocks) {
    const bytes = rest.length === 0 ? block : Buffer.concat([rest, block])
    let start = 0
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, start)) {
      yield decoded(bytes.subarray(start, end))
      start = end + 1
    }
    rest = Buffer.from(bytes.subarray(start, start + MAX_LINE_BYTES))
  }
  if (rest.length > 0) yield decoded(rest)
}

/**
 * Each byte becomes the character with the same number (latin1), so a path keeps the bytes that were sent.
 */
function decoded(line: Buffer): string {
  return line.toString('latin1', 0, MAX_LINE_BYTES).replace(/\r$/, '')
}
