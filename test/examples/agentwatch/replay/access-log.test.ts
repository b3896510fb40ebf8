import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAccessLog } from '../../../../examples/agentwatch/replay/access-log.ts'
import type { LoggedLine } from '../../../../examples/agentwatch/replay/logged-request.ts'

const line = (path: string): string =>
  `198.51.100.7 - - [17/May/2015:10:05:03 +0000] "GET ${path}" 200 1 "-" "-"`

describe('openAccessLog', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'access-log-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  /** The paths of the requests in a log file with these bytes, and the reasons of its unreadable lines. */
  async function readLog(bytes: string | Buffer): Promise<{ texts: string[]; progress: number }> {
    const path = join(folder, 'access.log')
    await writeFile(path, bytes)
    const log = openAccessLog(path)
    const texts: string[] = []
    for await (const logged of log.lines())
      texts.push('unreadable' in logged ? logged.unreadable : logged.target)
    return { texts, progress: log.progress() }
  }

  it.each([
    ['line feeds', `${line('/a')}\n\n${line('/b')}\n`],
    ['carriage returns', `${line('/a')}\r\n\r\n${line('/b')}\r\n`],
    ['no end of the last line', `${line('/a')}\n\n${line('/b')}`],
  ])('reads each line of a log with %s', async (_what, text) => {
    const expected = { texts: ['/a', 'the line is empty', '/b'], progress: 1 }
    expect(await readLog(text)).toEqual(expected)
    expect(await readLog(gzipSync(text))).toEqual(expected)
  })

  it('reads a log of many blocks', async () => {
    const paths = Array.from({ length: 20_000 }, (_, index) => `/${index}`)
    const text = paths.map((path) => `${line(path)}\n`).join('')
    expect(await readLog(text)).toEqual({ texts: paths, progress: 1 })
    expect(await readLog(gzipSync(text))).toEqual({ texts: paths, progress: 1 })
  })

  it('reads the parts of a gzipped log that was written in parts', async () => {
    const parts = [gzipSync(`${line('/a')}\n`), gzipSync(`${line('/b')}\n`)]
    expect((await readLog(Buffer.concat(parts))).texts).toEqual(['/a', '/b'])
  })

  it('keeps the bytes of a path, in any encoding', async () => {
    const { texts } = await readLog(Buffer.concat([Buffer.from(line('/\u00e4')), Buffer.from([0x0a])]))
    expect(texts).toEqual(['/\u00c3\u00a4'])
  })

  it('cuts a line of many megabytes, and continues with the next one', async () => {
    const { texts } = await readLog(
      `${'x'.repeat(5_000_000)} -\n${line(`/${'a'.repeat(70_000)}`)}\n${line('/b')}\n`,
    )
    expect(texts).toEqual(['no client address at column 1', 'no quoted request at column 47', '/b'])
  })

  it('is empty for an empty file', async () => {
    expect(await readLog('')).toEqual({ texts: [], progress: 1 })
  })

  it('reports how much of the file was read', async () => {
    const path = join(folder, 'access.log')
    await writeFile(path, `${line('/a')}\n`.repeat(10_000))
    const log = openAccessLog(path)
    expect(log.progress()).toBe(0)
    const lines: AsyncIterator<LoggedLine> = log.lines()[Symbol.asyncIterator]()
    await lines.next()
    expect(log.progress()).toBeGreaterThan(0)
    expect(log.progress()).toBeLessThan(1)
    await lines.return?.()
  })

  it.each([
    ['that does not exist', undefined, /ENOENT/],
    ['that is cut off', gzipSync(line('/a')).subarray(0, -4), /unexpected end of file/],
    ['with a broken part', Buffer.concat([gzipSync(line('/a')).subarray(0, 20), Buffer.alloc(20)]), /./],
  ])('throws an error with the path of a log %s', async (_what, bytes, reason) => {
    const path = join(folder, 'broken.log')
    if (bytes !== undefined) await writeFile(path, bytes)
    const read = async (): Promise<void> => {
      for await (const _line of openAccessLog(path).lines());
    }
    const error = await read().catch((thrown: Error) => thrown)
    expect(error).toBeInstanceOf(Error)
    expect(String(error)).toMatch(reason)
    expect(String(error)).toContain(`Error: ${path}: cannot be read (`)
    expect(String(error)).toContain('). Give an access log, plain or gzipped.')
  })
})
