import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { RateLimiterError } from '../../../errors/rate-limiter-error.ts'

/** The size of the chunks in which logs are read and unzipped. */
export const BLOCK_BYTES = 262_144

/** Enough to recognise a tar archive, which has the longest start. */
const START_BYTES = 262

const GZIP = '\x1f\x8b'

/** Bytes that identify a kind of file, what the file is, and the command that makes plain text of it. */
type Encoding = readonly [offset: number, bytes: string, problem: string, command: string]

const OTHER_ENCODINGS: readonly Encoding[] = [
  [0, '\x28\xb5\x2f\xfd', 'is compressed with zstd', 'zstd -dc'],
  // After 'BZh' and a digit. The second is an empty file.
  [4, '1AY&SY', 'is compressed with bzip2', 'bzip2 -dc'],
  [4, '\x17rE8P\x90', 'is compressed with bzip2', 'bzip2 -dc'],
  [0, '\xfd7zXZ\0', 'is compressed with xz', 'xz -dc'],
  [0, 'PK\x03\x04', 'is a zip archive', 'unzip -p'],
  [0, 'PK\x05\x06', 'is a zip archive', 'unzip -p'],
  [0, '7z\xbc\xaf\x27\x1c', 'is a 7z archive', '7z x -so'],
  [0, '\x04\x22\x4d\x18', 'is compressed with lz4', 'lz4 -dc'],
  [0, '\x1f\x9d', 'is compressed with compress', 'gzip -dc'],
  [257, 'ustar', 'is a tar archive', 'tar -xOf'],
  // The byte order mark of UTF-32 begins with that of UTF-16.
  [0, '\xff\xfe\0\0', 'is UTF-32 text', 'iconv -f UTF-32 -t UTF-8'],
  [0, '\0\0\xfe\xff', 'is UTF-32 text', 'iconv -f UTF-32 -t UTF-8'],
  [0, '\xff\xfe', 'is UTF-16 text', 'iconv -f UTF-16 -t UTF-8'],
  [0, '\xfe\xff', 'is UTF-16 text', 'iconv -f UTF-16 -t UTF-8'],
]

/**
 * The bytes of a log, unzipped where they are gzipped. The first bytes decide, not the name of the file.
 *
 * @param name the printable name of the log, for errors
 * @throws RateLimiterError `invalid_option` for a log that is compressed in another way, for an archive, and
 *   for UTF-16 and UTF-32
 */
export async function* decodedBytes(
  name: string,
  bytes: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  const outer = await peek(bytes)
  checkEncoding(name, outer.start, '<log>')
  if (!outer.start.startsWith(GZIP)) {
    yield* outer.all()
    return
  }
  const inner = await peek(gunzip(Readable.from(outer.all())))
  checkEncoding(name, inner.start, '-', 'gzip -dc <log> | ')
  if (inner.start.startsWith(GZIP))
    throw encodingError(name, 'is gzipped twice', 'gzip -dc <log> | gzip -dc -')
  yield* inner.all()
}

/** The first bytes, one character for each byte, and an iterator over all bytes. */
async function peek(
  bytes: AsyncIterable<Buffer>,
): Promise<{ readonly start: string; all(): AsyncGenerator<Buffer, void, undefined> }> {
  const chunks = bytes[Symbol.asyncIterator]()
  let start = Buffer.alloc(0)
  while (start.length < START_BYTES) {
    const { done, value } = await chunks.next()
    if (done === true) break
    start = Buffer.concat([start, value])
  }
  return {
    start: start.toString('latin1', 0, START_BYTES),
    async *all() {
      try {
        yield start
        for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value
      } finally {
        await chunks.return?.()
      }
    },
  }
}

/** `pipe` passes no errors on: without the listener gunzip would wait for ever after an error of the file. */
function gunzip(file: Readable): AsyncIterable<Buffer> {
  const bytes = createGunzip({ chunkSize: BLOCK_BYTES })
  file.on('error', (error) => bytes.destroy(error))
  return file.pipe(bytes)
}

/**
 * @param input the operand of the command that makes plain text of the log
 * @param before the command before it, for a log that is gzipped too
 */
function checkEncoding(name: string, start: string, input: string, before = ''): void {
  const fail = (problem: string, command: string): never => {
    throw encodingError(name, problem, `${before}${command} ${input}`)
  }
  for (const [offset, bytes, problem, command] of OTHER_ENCODINGS) {
    if (start.startsWith(bytes, offset)) fail(problem, command)
  }
  // UTF-16 without a byte order mark: each ASCII character has a zero byte after it, or before it.
  const zeros = [0, 1, 2, 3].map((at) => Number(start[at] === '\0')).join('')
  if (zeros === '0101') fail('is UTF-16 text', 'iconv -f UTF-16LE -t UTF-8')
  if (zeros === '1010') fail('is UTF-16 text', 'iconv -f UTF-16BE -t UTF-8')
}

function encodingError(name: string, problem: string, command: string): RateLimiterError {
  return new RateLimiterError({
    code: 'invalid_option',
    option: name,
    problem,
    remedy: `Give the log as plain or gzipped text: ${command} | npx express-tollgate replay -`,
  })
}
