import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LONGEST_LINE, lineBlocks } from '../../../../src/tools/cli/log/line-blocks.ts'
import { type LogFile, logOfStream, openLogFile } from '../../../../src/tools/cli/log/log-file.ts'

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

async function written(name: string, bytes: Buffer): Promise<LogFile> {
  const path = join(folder, name)
  await writeFile(path, bytes)
  return openLogFile(path)
}

const TEXT = Array.from({ length: 30_000 }, (_, index) => `line ${index}\n`).join('')
const LINES = TEXT.trimEnd().split('\n')

describe('a log', () => {
  it('is read line by line', async () => {
    const log = await written('plain.log', Buffer.from(TEXT))
    expect(await linesOf(log.blocks())).toEqual(LINES)
    expect(log.readBytes()).toBe(log.sizeBytes)
  })

  it('is unzipped, whatever it is called', async () => {
    const log = await written('zipped.txt', gzipSync(TEXT))
    expect(await linesOf(log.blocks())).toEqual(LINES)
  })

  it.each([
    ['plain', Buffer.from(TEXT)],
    ['zipped', gzipSync(TEXT)],
  ])('is read %s from a stream that comes byte by byte at first', async (_what, bytes) => {
    const pieces = [bytes.subarray(0, 1), bytes.subarray(1, 2), bytes.subarray(2)]
    expect(await linesOf(logOfStream(Readable.from(pieces)).blocks())).toEqual(LINES)
  })

  it('may be empty', async () => {
    expect(await linesOf((await written('empty', Buffer.alloc(0))).blocks())).toEqual([])
    expect(await linesOf(logOfStream(Readable.from([])).blocks())).toEqual([])
  })

  it('is named when it is not there', async () => {
    await expect(openLogFile('/no/such/log')).rejects.toThrow(
      "/no/such/log: cannot be read (ENOENT: no such file or directory, open '/no/such/log'). Give an access log, plain or gzipped.",
    )
  })

  it('is named when it breaks off', async () => {
    const log = await written('cut.gz', gzipSync(TEXT).subarray(0, -4))
    await expect(linesOf(log.blocks())).rejects.toThrow('cut.gz: cannot be read (unexpected end of file).')
    const stream = logOfStream(Readable.from([gzipSync(TEXT).subarray(0, -4)]))
    await expect(linesOf(stream.blocks())).rejects.toThrow(
      'standard input: cannot be read (unexpected end of file).',
    )
  })
})

describe('the lines of a stream', () => {
  const of = (...chunks: string[]): Promise<string[]> =>
    linesOf(lineBlocks(Readable.from(chunks.map((one) => Buffer.from(one, 'latin1')))))

  it('are put together across blocks', async () => {
    expect(await of('a', 'b\r', '\nc\n', '\n', 'd')).toEqual(['ab', 'c', '', 'd'])
  })

  it('keep their bytes', async () => {
    expect(await of('\xe4\xff\n')).toEqual(['\xe4\xff'])
  })

  it('are cut where they never end', async () => {
    const [first, ...others] = await of(...Array.from({ length: 20 }, () => 'x'.repeat(10_000)), '\ny')
    expect(first).toBe('x'.repeat(LONGEST_LINE))
    expect(others).toEqual(['y'])
  })
})
