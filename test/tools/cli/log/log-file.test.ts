import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lineBlocks, MAX_LINE_LENGTH } from '../../../../src/tools/cli/log/line-blocks.ts'
import { type LogFile, openLogFile, openLogStream } from '../../../../src/tools/cli/log/log-file.ts'

let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tollgate-log-'))
})

afterAll(() => rm(folder, { recursive: true }))

async function linesOf(blocks: AsyncIterable<readonly string[]>): Promise<string[]> {
  const lines: string[] = []
  for await (const block of blocks) lines.push(...block)
  return lines
}

async function writeLog(name: string, bytes: Buffer): Promise<LogFile> {
  const path = join(folder, name)
  await writeFile(path, bytes)
  return openLogFile(path)
}

const TEXT = Array.from({ length: 30_000 }, (_, index) => `line ${index}\n`).join('')
const LINES = TEXT.trimEnd().split('\n')

describe('a log', () => {
  it('is read line by line', async () => {
    const log = await writeLog('plain.log', Buffer.from(TEXT))
    expect(await linesOf(log.blocks())).toEqual(LINES)
    expect(log.readBytes()).toBe(log.sizeBytes)
  })

  it('is unzipped, whatever its name is', async () => {
    const log = await writeLog('zipped.txt', gzipSync(TEXT))
    expect(await linesOf(log.blocks())).toEqual(LINES)
  })

  it.each([
    ['plain', Buffer.from(TEXT)],
    ['zipped', gzipSync(TEXT)],
  ])('is read %s from a stream whose first chunks have one byte each', async (_format, bytes) => {
    const chunks = [bytes.subarray(0, 1), bytes.subarray(1, 2), bytes.subarray(2)]
    expect(await linesOf(openLogStream(Readable.from(chunks)).blocks())).toEqual(LINES)
  })

  it('can be empty', async () => {
    expect(await linesOf((await writeLog('empty', Buffer.alloc(0))).blocks())).toEqual([])
    expect(await linesOf(openLogStream(Readable.from([])).blocks())).toEqual([])
  })

  it('is named in the error when the file does not exist', async () => {
    await expect(openLogFile('/no/such/log')).rejects.toThrow(
      "/no/such/log: cannot be read (ENOENT: no such file or directory, open '/no/such/log'). Give an access log, plain or gzipped.",
    )
  })

  it('is named in the error when its end is missing', async () => {
    const log = await writeLog('cut.gz', gzipSync(TEXT).subarray(0, -4))
    await expect(linesOf(log.blocks())).rejects.toThrow('cut.gz: cannot be read (unexpected end of file).')
    const stream = openLogStream(Readable.from([gzipSync(TEXT).subarray(0, -4)]))
    await expect(linesOf(stream.blocks())).rejects.toThrow(
      'standard input: cannot be read (unexpected end of file).',
    )
  })
})

describe('the lines of a stream', () => {
  const linesOfChunks = (...chunks: string[]): Promise<string[]> =>
    linesOf(lineBlocks(Readable.from(chunks.map((chunk) => Buffer.from(chunk, 'latin1')))))

  it('can be in several chunks', async () => {
    expect(await linesOfChunks('a', 'b\r', '\nc\n', '\n', 'd')).toEqual(['ab', 'c', '', 'd'])
  })

  it('keep their bytes', async () => {
    expect(await linesOfChunks('\xe4\xff\n')).toEqual(['\xe4\xff'])
  })

  it('are cut when they are too long', async () => {
    const [longLine, ...others] = await linesOfChunks(
      ...Array.from({ length: 20 }, () => 'x'.repeat(10_000)),
      '\ny',
    )
    // One character more than can be read shows that the line was cut.
    expect(longLine).toBe('x'.repeat(MAX_LINE_LENGTH + 1))
    expect(others).toEqual(['y'])
  })
})
