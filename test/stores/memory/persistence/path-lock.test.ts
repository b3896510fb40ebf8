import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkFree, PathLock } from '../../../../src/stores/memory/persistence/path-lock.ts'
import { thrownBy } from '../../../support/thrown-by.ts'
import { temporaryFolders } from './temporary-folder.ts'

const folder = temporaryFolders()
const pathOfFile = (): string => join(folder(), 'limits')
const isLinux = process.platform === 'linux'

/** The number of a process that has ended. */
function endedProcess(): number {
  return spawnSync(process.execPath, ['--version']).pid
}

describe('the lock of a path', () => {
  it('is taken once, and again after it was released', () => {
    const path = pathOfFile()
    const lock = PathLock.take('path', path)
    expect(lock.isHeld).toBe(true)
    expect(statSync(`${path}.lock`).mode & 0o777).toBe(0o600)
    expect(thrownBy(() => PathLock.take('path', path))).toMatchObject({
      code: 'invalid_option',
      option: 'path',
      message:
        `path: is in use by the store of this process, got '${path}'. Give each process and each store a path of ` +
        `its own, or share the counters with a RedisStore. If nobody uses the file, remove '${path}.lock'.`,
    })
    lock.release()
    expect(readdirSync(dirname(path))).toEqual([])
    PathLock.take('path', path).release()
  })

  it('is not taken from another process that runs', async () => {
    const path = pathOfFile()
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    try {
      await once(other, 'spawn')
      writeFileSync(`${path}.lock`, `${other.pid} \n`)
      const problem = `is in use by the store of process ${other.pid}`
      expect(thrownBy(() => PathLock.take('path', path)).message).toContain(problem)
      expect(thrownBy(() => checkFree('path', path)).message).toContain(problem)
    } finally {
      other.kill('SIGKILL')
      await once(other, 'exit')
    }
    PathLock.take('path', path).release()
  })

  it('is taken over from a process that has ended', () => {
    const path = pathOfFile()
    writeFileSync(`${path}.lock`, `${endedProcess()} \n`)
    checkFree('path', path)
    const lock = PathLock.take('path', path)
    expect(lock.isHeld).toBe(true)
    expect(readdirSync(dirname(path))).toEqual(['limits.lock'])
    lock.release()
  })

  // In a container the first process has the number 1 after each start.
  it('is taken over from a process that has ended, whose number a new process has', () => {
    const path = pathOfFile()
    writeFileSync(`${path}.lock`, `${process.pid} 00000000-0000-0000-0000-000000000000 5\n`)
    if (isLinux) PathLock.take('path', path).release()
    else expect(thrownBy(() => PathLock.take('path', path)).code).toBe('invalid_option')
  })

  it('is not taken over while its process has not written its number yet', () => {
    const path = pathOfFile()
    writeFileSync(`${path}.lock`, '')
    expect(thrownBy(() => PathLock.take('path', path)).message).toContain(
      'is in use by the store of another process',
    )
  })

  it('shows when another process has taken it over, and is then not released', () => {
    const path = pathOfFile()
    const lock = PathLock.take('path', path)
    writeFileSync(`${path}.lock`, '1 other\n')
    expect(lock.isHeld).toBe(false)
    lock.release()
    expect(readFileSync(`${path}.lock`, 'utf8')).toBe('1 other\n')
  })

  it('needs a folder that exists', () => {
    const path = join(folder(), 'none', 'limits')
    const error = thrownBy(() => PathLock.take('path', path))
    expect(error).toMatchObject({ code: 'invalid_option', cause: { code: 'ENOENT' } })
    expect(error.message).toContain('path: takes the path of a file that can be written (ENOENT')
    expect(error.message).toContain('Create its folder, and let this process write in it.')
    expect(existsSync(`${path}.lock`)).toBe(false)
  })
})
