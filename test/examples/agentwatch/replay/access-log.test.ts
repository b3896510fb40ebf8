import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAccessLog } from '../../../../examples/agentwatch/replay/access-log.ts'
import { LONGEST_LINE, splitLines } from '../../../../examples/agentwatch/replay/line-splitter.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agentwatch-log-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function file(name: string, content: string | Buffer): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

async function linesOf(path: string): Promise<string[]> {
  return collect((await openAccessLog(path)).lines())
}

async function collect(lines: AsyncIterable<string>): Promise<string[]> {
  const collected: string[] = []
  for await (const line of lines) collected.push(line)
  return collected
}

describe('openAccessLog', () => {
  it('reads a plain log', async () => {
    const log = await openAccessLog(await file('plain.txt', 'one\ntwo\r\n\nfour'))
    expect(log.progress()).toBe(0)
    expect(await collect(log.lines())).toEqual(['one', 'two', '', 'four'])
    expect(log.progress()).toBe(1)
  })

  it.each(['log.gz', 'gzipped-without-saying-so'])('reads a gzipped log: %s', async (name) => {
    const text = Array.from({ length: 5000 }, (_, index) => `line ${index}`)
    expect(await linesOf(await file(name, gzipSync(text.join('\n'))))).toEqual(text)
  })

  it('reads an empty log', async () => {
    const log = await openAccessLog(await file('empty', ''))
    expect(log.progress()).toBe(1)
    expect(await collect(log.lines())).toEqual([])
  })

  it('keeps bytes as they are, in whatever encoding', async () => {
    expect(await linesOf(await file('bytes', Buffer.from([0xe4, 0xff, 0x0a, 0xc3, 0xa4])))).toEqual([
      '\xe4\xff',
      '\xc3\xa4',
    ])
  })

  it('names the file that is not there', async () => {
    const path = join(folder, 'missing')
    await expect(openAccessLog(path)).rejects.toThrow(
      `Cannot read the log ${path}: ENOENT: no such file or directory, open '${path}'. Give an access log, plain or gzipped.`,
    )
  })

  it('names a folder given for a log', async () => {
    await expect(openAccessLog(folder)).rejects.toThrow(
      `Cannot read the log ${folder}: EISDIR: illegal operation on a directory, read.`,
    )
  })

  it('hands out the lines before the place where a gzipped log breaks off', async () => {
    const text = Array.from({ length: 20_000 }, (_, index) => `line ${index} ${Math.sin(index)}`).join('\n')
    const path = await file('cut.gz', gzipSync(text).subarray(0, -10_000))
    const log = await openAccessLog(path)
    let count = 0
    const reading = (async () => {
      for await (const _line of log.lines()) count += 1
    })()
    await expect(reading).rejects.toThrow(`Cannot read the log ${path}: unexpected end of file.`)
    expect(count).toBeGreaterThan(1000)
  })
})

describe('splitLines', () => {
  async function* chunks(...texts: string[]): AsyncGenerator<Buffer> {
    for (const text of texts) yield Buffer.from(text)
  }

  it.each([
    [
      ['one\ntw', 'o\n'],
      ['one', 'two'],
    ],
    [
      ['one\r', '\ntwo'],
      ['one', 'two'],
    ],
    [['a', 'b', 'c'], ['abc']],
    [[], []],
    [['\n\n'], ['', '']],
  ])('%j', async (given, expected) => {
    expect(await collect(splitLines(chunks(...given)))).toEqual(expected)
  })

  it('cuts lines without an end', async () => {
    const [line, next] = await collect(splitLines(chunks(...Array(20).fill('x'.repeat(10_000)), '\nnext')))
    expect(line).toHaveLength(LONGEST_LINE)
    expect(next).toBe('next')
  })
})
