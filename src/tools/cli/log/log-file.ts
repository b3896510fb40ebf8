import { createReadStream, type ReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { RateLimiterError } from '../../../errors/rate-limiter-error.ts'
import { lineBlocks } from './line-blocks.ts'

/** A log that is read block by block, however long it is. */
export interface LogFile {
  readonly path: string
  /** Once only. Throws an error that names the file if it cannot be read to its end. */
  blocks(): AsyncIterable<readonly string[]>
  readonly sizeBytes: number
  /** Bytes of the file read so far. */
  readBytes(): number
}

const BLOCK_BYTES = 262_144

/**
 * Opens a log, plain or gzipped: its first bytes tell which, whatever it is called.
 *
 * @throws RateLimiterError `invalid_option` for a file that cannot be read
 */
export async function openLogFile(path: string): Promise<LogFile> {
  const { sizeBytes, isGzipped } = await inspect(path)
  let file: ReadStream | undefined
  return {
    path,
    sizeBytes,
    readBytes: () => file?.bytesRead ?? 0,
    blocks() {
      file = createReadStream(path, { highWaterMark: BLOCK_BYTES })
      return readBlocks(path, file, isGzipped)
    },
  }
}

/** Standard input as a log, plain or gzipped; nobody knows how long it is. */
export function logOfStream(input: Readable): LogFile {
  let bytes = 0
  return {
    path: '-',
    sizeBytes: 0,
    readBytes: () => bytes,
    async *blocks() {
      try {
        yield* lineBlocks(unzipped(input, (count) => (bytes += count)))
      } catch (error) {
        throw readError('-', error)
      }
    },
  }
}

async function inspect(path: string): Promise<{ sizeBytes: number; isGzipped: boolean }> {
  try {
    const file = await open(path)
    try {
      const { size } = await file.stat()
      const start = Buffer.alloc(2)
      await file.read(start, 0, 2, 0)
      return { sizeBytes: size, isGzipped: isGzip(start) }
    } finally {
      await file.close()
    }
  } catch (error) {
    throw readError(path, error)
  }
}

async function* readBlocks(
  path: string,
  file: ReadStream,
  isGzipped: boolean,
): AsyncGenerator<readonly string[], void, undefined> {
  try {
    yield* lineBlocks(isGzipped ? gunzip(file) : file)
  } catch (error) {
    throw readError(path, error)
  } finally {
    file.destroy()
  }
}

/** The bytes of a stream, unzipped where they begin as gzip does. */
async function* unzipped(
  input: Readable,
  onBytes: (count: number) => void,
): AsyncGenerator<Buffer, void, undefined> {
  const chunks = input[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  let start = Buffer.alloc(0)
  while (start.length < 2) {
    const { done, value } = await chunks.next()
    if (done === true) break
    start = Buffer.concat([start, value])
  }
  async function* all(): AsyncGenerator<Buffer, void, undefined> {
    yield start
    onBytes(start.length)
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
      onBytes(next.value.length)
      yield next.value
    }
  }
  if (!isGzip(start)) yield* all()
  else yield* gunzip(Readable.from(all()))
}

function isGzip(start: Buffer): boolean {
  return start[0] === 0x1f && start[1] === 0x8b
}

/** `pipe` hands on no errors, and a gunzip that waits for bytes which never come would wait for ever. */
function gunzip(file: Readable): Readable {
  const bytes = createGunzip({ chunkSize: BLOCK_BYTES })
  file.on('error', (error) => bytes.destroy(error))
  return file.pipe(bytes)
}

function readError(path: string, cause: unknown): RateLimiterError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new RateLimiterError({
    code: 'invalid_option',
    option: path === '-' ? 'standard input' : path,
    problem: `cannot be read (${reason})`,
    remedy: 'Give an access log, plain or gzipped.',
    cause,
  })
}
