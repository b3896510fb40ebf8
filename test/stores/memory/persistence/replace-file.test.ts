import { promises, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { removeDrafts, replaceFile } from '../../../../src/stores/memory/persistence/replace-file.ts'
import { temporaryFolders } from './temporary-folder.ts'

const folder = temporaryFolders()
afterEach(() => void vi.restoreAllMocks())

function olderFile(): string {
  const path = join(folder(), 'limits')
  writeFileSync(path, 'older')
  return path
}

const PIECES = [Buffer.from('new'), Buffer.from('er')]
const noCheck = (): void => {}

describe('replaceFile', () => {
  it('replaces a file by all pieces, for the user only', async () => {
    const path = olderFile()
    await replaceFile(path, PIECES, noCheck)
    expect(readFileSync(path, 'utf8')).toBe('newer')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(dirname(path))).toEqual(['limits'])
  })

  it('asks for a piece when the one before is written', async () => {
    const path = olderFile()
    const scratch = Buffer.alloc(3)
    function* overwritten(): Generator<Uint8Array> {
      for (const text of ['one', 'two', 'six']) {
        scratch.write(text)
        yield scratch
      }
    }
    await replaceFile(path, overwritten(), noCheck)
    expect(readFileSync(path, 'utf8')).toBe('onetwosix')
  })

  it.each([
    [
      'a piece that cannot be made',
      function* (): Generator<Uint8Array> {
        yield Buffer.from('half')
        throw new Error('stopped')
      },
      noCheck,
    ],
    [
      'a check that fails',
      () => PIECES,
      () => {
        throw new Error('stopped')
      },
    ],
  ])('leaves the file as it was, and no draft, after %s', async (_what, pieces, check) => {
    const path = olderFile()
    await expect(replaceFile(path, pieces(), check)).rejects.toThrow('stopped')
    expect(readFileSync(path, 'utf8')).toBe('older')
    expect(readdirSync(dirname(path))).toEqual(['limits'])
  })

  it('writes to the disk before the file has its name, and the name after that', async () => {
    const path = olderFile()
    const calls: string[] = []
    const open = promises.open.bind(promises)
    vi.spyOn(promises, 'open').mockImplementation(async (...args) => {
      const file = await open(...args)
      const isFolder = args[0] === dirname(path)
      const sync = file.sync.bind(file)
      file.sync = async () => {
        calls.push(isFolder ? 'sync the folder' : 'sync the draft')
        await sync()
      }
      return file
    })
    const rename = promises.rename.bind(promises)
    vi.spyOn(promises, 'rename').mockImplementation(async (from, to) => {
      calls.push('rename')
      await rename(from, to)
    })
    await replaceFile(path, PIECES, () => void calls.push('check'))
    expect(calls).toEqual(['sync the draft', 'check', 'rename', 'sync the folder'])
  })
})

describe('removeDrafts', () => {
  it('removes the drafts of this file that killed processes have left, and nothing else', () => {
    const path = olderFile()
    const others = ['limits', 'limits.1-00ff00ff.tmp.old', 'limits.tmp', 'limits2.1-00ff00ff.tmp', 'x']
    for (const name of [...others, 'limits.1-00ff00ff.tmp', 'limits.77-01234567.tmp']) {
      writeFileSync(join(dirname(path), name), '')
    }
    removeDrafts(path)
    expect(readdirSync(dirname(path)).sort()).toEqual(others.sort())
  })
})
