import { createReadStream, type ReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { splitLines } from './line-splitter.ts'

/** A log that is read line by line, however long it is. */
export interface AccessLog {
  /** Once only. Throws an error that names the file if it cannot be read to its end. */
  lines(): AsyncIterable<string>
  /** How much of the file has been read, from 0 to 1. */
  progress(): number
  close(): void
}

/** Opens a log, plain or gzipped: its first bytes tell which, whatever it is called. */
export async function openAccessLog(path: string): Promise<AccessLog> {
  const { sizeBytes, gzipped } = await inspect(path)
  const file = createReadStream(path)
  return {
    lines: () => readLines(path, file, gzipped),
    progress: () => (sizeBytes === 0 ? 1 : Math.min(1, file.bytesRead / sizeBytes)),
    close: () => file.destroy(),
  }
}

async function inspect(path: string): Promise<{ sizeBytes: number; gzipped: boolean }> {
  try {
    const file = await open(path)
    try {
      const { size } = await file.stat()
      const start = Buffer.alloc(2)
      await file.read(start, 0, 2, 0)
      return { sizeBytes: size, gzipped: start[0] === 0x1f && start[1] === 0x8b }
    } finally {
      await file.close()
    }
  } catch (error) {
    throw readError(path, error)
  }
}

async function* readLines(path: string, file: ReadStream, gzipped: boolean): AsyncGenerator<string> {
  try {
    yield* splitLines(gzipped ? gunzip(file) : file)
  } catch (error) {
    throw readError(path, error)
  } finally {
    file.destroy()
  }
}

/** `pipe` hands on no errors, and a gunzip that waits for bytes which never come would wait for ever. */
function gunzip(file: ReadStream): Readable {
  const bytes = createGunzip()
  file.on('error', (error) => bytes.destroy(error))
  return file.pipe(bytes)
}

function readError(path: string, error: unknown): Error {
  const reason = error instanceof Error ? error.message : String(error)
  return new Error(`Cannot read the log ${path}: ${reason}. Give an access log, plain or gzipped.`, {
    cause: error,
  })
}
