import { createReadStream, type ReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { RateLimiterError } from '../../../errors/rate-limiter-error.ts'
import { printableText } from '../printable-text.ts'
import { lineBlocks } from './line-blocks.ts'
import { BLOCK_BYTES, decodedBytes } from './log-encoding.ts'

/** A log that is read in blocks, so that a log of any size fits in memory. */
export interface LogFile {
  /** `-` for standard input. */
  readonly path: string
  /** Whether {@link blocks} may be called again. A pipe can be read once. */
  readonly isRereadable: boolean
  /**
   * The lines of the log.
   *
   * @throws RateLimiterError `invalid_option`, which names the log, when it cannot be read to its end
   */
  blocks(): AsyncIterable<readonly string[]>
  /** 0 for a stream, because its size is unknown. */
  readonly sizeBytes: number
  /** Bytes that were read so far. */
  readBytes(): number
}

/** The printable name of a log in messages. */
export function logName(path: string): string {
  return path === '-' ? 'standard input' : printableText(path)
}

/**
 * Opens a log, plain or gzipped. The first bytes of the file decide which, not its name.
 *
 * @throws RateLimiterError `invalid_option` for a file that cannot be read
 */
export async function openLogFile(path: string): Promise<LogFile> {
  const sizeBytes = await readableSize(path)
  let file: ReadStream | undefined
  return {
    path,
    isRereadable: sizeBytes !== undefined,
    sizeBytes: sizeBytes ?? 0,
    readBytes: () => file?.bytesRead ?? 0,
    blocks() {
      file = createReadStream(path, { highWaterMark: BLOCK_BYTES })
      return readBlocks(path, file)
    },
  }
}

/** Makes a log of standard input, plain or gzipped. */
export function openLogStream(input: Readable): LogFile {
  let bytes = 0
  async function* counted(): AsyncGenerator<Buffer, void, undefined> {
    for await (const chunk of input as AsyncIterable<Buffer>) {
      bytes += chunk.length
      yield chunk
    }
  }
  return {
    path: '-',
    isRereadable: false,
    sizeBytes: 0,
    readBytes: () => bytes,
    blocks: () => readBlocks('-', counted()),
  }
}

/** The size of a file that can be read; undefined for a pipe, which must not be opened twice. */
async function readableSize(path: string): Promise<number | undefined> {
  try {
    const stats = await stat(path).catch(() => undefined)
    if (stats?.isFIFO() === true) return undefined
    const file = await open(path)
    await file.close()
    return stats?.size ?? 0
  } catch (error) {
    throw readError(path, error)
  }
}

async function* readBlocks(
  path: string,
  bytes: ReadStream | AsyncGenerator<Buffer>,
): AsyncGenerator<readonly string[], void, undefined> {
  try {
    yield* lineBlocks(decodedBytes(logName(path), bytes))
  } catch (error) {
    throw error instanceof RateLimiterError ? error : readError(path, error)
  } finally {
    if ('destroy' in bytes) bytes.destroy()
  }
}

function readError(path: string, cause: unknown): RateLimiterError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new RateLimiterError({
    code: 'invalid_option',
    option: logName(path),
    problem: `cannot be read (${printableText(reason)})`,
    remedy: 'Give an access log, plain or gzipped.',
    cause,
  })
}
