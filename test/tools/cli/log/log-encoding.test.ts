import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LogFile, openLogFile, openLogStream } from '../../../../src/tools/cli/log/log-file.ts'
import { combinedLine } from '../log-lines.ts'

const LINE = combinedLine()
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tollgate-encoding-'))
})

afterAll(() => rm(folder, { recursive: true }))

async function linesOf(log: LogFile): Promise<string[]> {
  const lines: string[] = []
  for await (const block of log.blocks()) lines.push(...block)
  return lines
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

/** The text in UTF-16, big-endian. */
function bigEndian(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16()
}

const TAR = Buffer.alloc(1024)
TAR.write('access.log')
TAR.write('ustar', 257)

const UNSUPPORTED: readonly (readonly [name: string, bytes: Buffer, problem: string, command: string])[] = [
  ['zstd', bytesOf('\x28\xb5\x2f\xfd\x04\x58'), 'is compressed with zstd', 'zstd -dc'],
  ['bzip2', bytesOf('BZh91AY&SY\x12\x34'), 'is compressed with bzip2', 'bzip2 -dc'],
  ['bzip2 of nothing', bytesOf('BZh9\x17rE8P\x90\0\0\0\0'), 'is compressed with bzip2', 'bzip2 -dc'],
  ['xz', bytesOf('\xfd7zXZ\0\0\x04'), 'is compressed with xz', 'xz -dc'],
  ['zip', bytesOf('PK\x03\x04\x14\0'), 'is a zip archive', 'unzip -p'],
  ['7z', bytesOf("7z\xbc\xaf'\x1c"), 'is a 7z archive', '7z x -so'],
  ['lz4', bytesOf('\x04"M\x18'), 'is compressed with lz4', 'lz4 -dc'],
  ['compress', bytesOf('\x1f\x9d\x90'), 'is compressed with compress', 'gzip -dc'],
  ['tar', TAR, 'is a tar archive', 'tar -xOf'],
  ['a gzipped tar', gzipSync(TAR), 'is a tar archive', 'gzip -dc <log> | tar -xOf -'],
  ['gzip in gzip', gzipSync(gzipSync(LINE)), 'is gzipped twice', 'gzip -dc <log> | gzip -dc -'],
  ['UTF-32', bytesOf('\xff\xfe\0\x001\0\0\0'), 'is UTF-32 text', 'iconv -f UTF-32 -t UTF-8'],
  ['UTF-16', Buffer.from(`\ufeff${LINE}`, 'utf16le'), 'is UTF-16 text', 'iconv -f UTF-16 -t UTF-8'],
  ['big-endian UTF-16', bigEndian(`\ufeff${LINE}`), 'is UTF-16 text', 'iconv -f UTF-16 -t UTF-8'],
  ['UTF-16 without a mark', Buffer.from(LINE, 'utf16le'), 'is UTF-16 text', 'iconv -f UTF-16LE -t UTF-8'],
  ['big-endian UTF-16 without a mark', bigEndian(LINE), 'is UTF-16 text', 'iconv -f UTF-16BE -t UTF-8'],
  [
    'gzipped UTF-16',
    gzipSync(Buffer.from(LINE, 'utf16le')),
    'is UTF-16 text',
    'gzip -dc <log> | iconv -f UTF-16LE -t UTF-8 -',
  ],
]

describe('a log in an encoding that cannot be read', () => {
  it.each(UNSUPPORTED)('is named with the remedy: %s', async (name, bytes, problem, command) => {
    const path = join(folder, `${name}.log`)
    await writeFile(path, bytes)
    const commands = command.includes('<log>') ? command : `${command} <log>`
    const remedy = `Give the log as plain or gzipped text: ${commands} | npx express-tollgate replay -`
    await expect(linesOf(await openLogFile(path))).rejects.toThrow(`${path}: ${problem}. ${remedy}`)
    await expect(linesOf(openLogStream(Readable.from([bytes])))).rejects.toThrow(
      `standard input: ${problem}. ${remedy}`,
    )
  })
})

describe('a log in plain text', () => {
  it.each(['BZh', 'PK', 'x', '\xef\xbb\xbfx', '12\0x', '\0'])('can begin with %j', async (start) => {
    const log = openLogStream(Readable.from([bytesOf(`${start}\n${LINE}`)]))
    expect(await linesOf(log)).toEqual([start, LINE])
  })

  it.runIf(process.platform !== 'win32')('can be a pipe, which is read once', async () => {
    const path = join(folder, 'pipe')
    execFileSync('mkfifo', [path])
    const log = await openLogFile(path)
    expect(log).toMatchObject({ isRereadable: false, sizeBytes: 0 })
    const [lines] = await Promise.all([linesOf(log), writeFile(path, `${LINE}\n`)])
    expect(lines).toEqual([LINE])
  })

  it.each([
    ['plain', (text: string) => Buffer.from(text)],
    ['gzipped', (text: string) => gzipSync(text)],
  ])('is closed when its first lines are enough: %s', async (name, encode) => {
    const path = join(folder, name)
    await writeFile(path, encode(`${LINE}\n`.repeat(50_000)))
    const log = await openLogFile(path)
    for await (const [first] of log.blocks()) {
      expect(first).toBe(LINE)
      break
    }
    expect(await linesOf(log)).toHaveLength(50_000)
  })
})
