import { existsSync, mkdirSync, promises, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { documentedAt } from '../../../../src/errors/documented-at.ts'
import { PersistentMemoryStore } from '../../../../src/stores/memory/persistence/persistent-memory-store.ts'
import { FakeClock } from '../../../../src/tools/testing/fake-clock.ts'
import { chargeOf } from '../../../support/charges.ts'
import { emittedBy } from '../../../support/emitted-warnings.ts'
import { rejectionOf, thrownBy } from '../../../support/thrown-by.ts'
import { temporaryFolders } from './temporary-folder.ts'

const folder = temporaryFolders()
const pathOfFile = (): string => join(folder(), 'limits')
const filesBeside = (path: string): string[] => readdirSync(dirname(path)).sort()

// How long a save takes is measured on a clock that stands still.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const clock = new FakeClock(1_000_000)

function persistent(path: string, everySec = 10): PersistentMemoryStore {
  return new PersistentMemoryStore({ clock, persist: { path, everySec } })
}

/** What a process finds that starts after this one was killed. */
async function clientsIn(path: string): Promise<number> {
  return (await PersistentMemoryStore.load(path, { clock })).size
}

/** Waits for other threads, which read and write files, without turning the timers. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>((resolve) => setImmediate(resolve))
}

/** Timers of a store that has clients, while it is not being saved: one for clients that expire, one for saves. */
const TIMERS_BETWEEN_SAVES = 2

describe('a store with persist', () => {
  it('starts empty without a file, and has what the store before it had', async () => {
    const path = pathOfFile()
    writeFileSync(`${path}.1-00ff00ff.tmp`, 'the draft of a process that was killed')
    const warnings = await emittedBy(async () => {
      const store = persistent(path)
      expect(store.size).toBe(0)
      store.consume(chargeOf('a'))
      await store.close()
      // The constructor has read the file when it returns.
      const next = persistent(path)
      expect(next.consume(chargeOf('a')).limits[0]?.remaining).toBe(1)
      await next.close()
    })
    expect(warnings).toEqual([])
    expect(filesBeside(path)).toEqual(['limits'])
  })

  it('takes a path from the working folder', async () => {
    const path = pathOfFile()
    const before = process.cwd()
    vi.spyOn(process, 'cwd').mockReturnValue(dirname(path))
    const store = persistent(basename(path))
    vi.spyOn(process, 'cwd').mockReturnValue(before)
    await store.close()
    expect(existsSync(path)).toBe(true)
  })

  it('saves itself every few seconds', async () => {
    const path = pathOfFile()
    const store = persistent(path, 10)
    const rename = vi.spyOn(promises, 'rename')
    store.consume(chargeOf('a'))
    for (let save = 1; save <= 3; save++) {
      expect(vi.getTimerCount()).toBe(TIMERS_BETWEEN_SAVES)
      vi.advanceTimersByTime(9999)
      expect(vi.getTimerCount(), 'no save has begun').toBe(TIMERS_BETWEEN_SAVES)
      vi.advanceTimersByTime(1)
      await until(() => vi.getTimerCount() === TIMERS_BETWEEN_SAVES)
      expect(rename).toHaveBeenCalledTimes(save)
    }
    await store.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('begins a save so early that a crash loses no more, where saving takes long', async () => {
    const path = pathOfFile()
    const store = persistent(path, 10)
    const rename = promises.rename.bind(promises)
    const renamed = vi.spyOn(promises, 'rename').mockImplementation(async (from, to) => {
      vi.advanceTimersByTime(1000)
      await rename(from, to)
    })
    store.consume(chargeOf('a'))
    vi.advanceTimersByTime(10_000)
    await until(() => vi.getTimerCount() === TIMERS_BETWEEN_SAVES)
    // The save before began 1 s ago. The next one begins after 8 s at the latest, and ends after 9 s.
    vi.advanceTimersByTime(6999)
    expect(vi.getTimerCount()).toBe(TIMERS_BETWEEN_SAVES)
    vi.advanceTimersByTime(1)
    await until(() => vi.getTimerCount() === TIMERS_BETWEEN_SAVES)
    expect(renamed).toHaveBeenCalledTimes(2)
    vi.restoreAllMocks()
    await store.close()
  })

  it('saves itself in close(), after a save that is under way, and closes once', async () => {
    const path = pathOfFile()
    const store = persistent(path)
    store.consume(chargeOf('a'))
    const saving = store.save(path)
    store.consume(chargeOf('b'))
    const closing = store.close()
    expect(thrownBy(() => store.consume(chargeOf('c'))).code).toBe('closed')
    await Promise.all([saving, closing, store.close()])
    expect(store.size).toBe(0)
    expect(await clientsIn(path)).toBe(2)
    expect(filesBeside(path)).toEqual(['limits'])
  })

  it('installs no listeners of the process', async () => {
    const before = process.eventNames().map((name) => [name, process.listenerCount(name)])
    const store = persistent(pathOfFile())
    expect(process.eventNames().map((name) => [name, process.listenerCount(name)])).toEqual(before)
    await store.close()
  })
})

describe('a second store on the same path', () => {
  it('is an error, and writes nothing', async () => {
    const path = pathOfFile()
    const store = persistent(path)
    store.consume(chargeOf('a'))
    await store.save(path)
    const before = filesBeside(path).map((name) => readFileSync(join(dirname(path), name), 'hex'))
    expect(thrownBy(() => persistent(path)).message).toContain(
      `PersistentMemoryStore.persist.path: is in use by the store of this process, got '${path}'`,
    )
    expect((await rejectionOf(new PersistentMemoryStore().save(path))).message).toContain(
      `path: is in use by the store of this process, got '${path}'`,
    )
    expect(filesBeside(path).map((name) => readFileSync(join(dirname(path), name), 'hex'))).toEqual(before)
    await store.close()
  })

  it('that has taken over the lock is the only one that writes', async () => {
    const path = pathOfFile()
    const store = persistent(path)
    writeFileSync(`${path}.lock`, '1 other\n')
    const { code, message } = await rejectionOf(store.close())
    expect(code).toBe('store_failed')
    expect(message).toContain('another process has taken over the file, or its lock was removed')
    expect(filesBeside(path)).toEqual(['limits.lock'])
  })
})

describe('a file that cannot be used', () => {
  it('is kept under another name, and the store starts empty', async () => {
    const path = pathOfFile()
    writeFileSync(path, '{ "port": 3000 }\n'.repeat(50))
    const warnings = await emittedBy(async () => {
      const store = persistent(path)
      expect(store.size).toBe(0)
      await store.close()
    })
    expect(warnings).toEqual([
      {
        code: 'TOLLGATE_STORE_NOT_LOADED',
        message:
          `A PersistentMemoryStore starts empty, because the file '${path}' cannot be used: it is not a file of a ` +
          `PersistentMemoryStore. It is now '${path}.unreadable'.`,
      },
    ])
    expect(readFileSync(`${path}.unreadable`, 'utf8')).toContain('"port": 3000')
    expect(await clientsIn(path)).toBe(0)
  })

  it('is an error if it is a folder', () => {
    const path = pathOfFile()
    mkdirSync(path)
    expect(thrownBy(() => persistent(path)).message).toBe(
      `PersistentMemoryStore.persist.path: takes the path of a file, got '${path}'. Give a path in that folder.`,
    )
    expect(filesBeside(path)).toEqual(['limits'])
  })
})

describe('a disk that is full', () => {
  it('leaves the last file, gives one warning until a save succeeds, and is tried again', async () => {
    const path = pathOfFile()
    const store = persistent(path)
    store.consume(chargeOf('a'))
    await store.save(path)
    store.consume(chargeOf('b'))
    const open = promises.open.bind(promises)
    let failures = 0
    vi.spyOn(promises, 'open').mockImplementation(async (...args) => {
      const file = await open(...args)
      file.sync = async () => {
        failures++
        throw Object.assign(new Error('ENOSPC: no space left on device, fsync'), { code: 'ENOSPC' })
      }
      return file
    })
    const warnings = await emittedBy(async () => {
      for (let save = 1; save <= 3; save++) {
        vi.advanceTimersByTime(10_000)
        await until(() => vi.getTimerCount() === TIMERS_BETWEEN_SAVES)
        expect(failures).toBe(save)
        expect(filesBeside(path)).toEqual(['limits', 'limits.lock'])
      }
    })
    expect(warnings).toEqual([
      {
        code: 'TOLLGATE_STORE_NOT_SAVED',
        message:
          `Saving is tried again: a PersistentMemoryStore could not be saved to '${path}': ENOSPC: no space left on device, fsync. ` +
          `The file is as it was before. ${documentedAt('store_failed')}`,
      },
    ])
    expect(await clientsIn(path)).toBe(1)
    vi.restoreAllMocks()
    await store.close()
    expect(await clientsIn(path)).toBe(2)
  })

  it('makes close() fail, and the store is closed', async () => {
    const path = pathOfFile()
    const store = persistent(path)
    rmSync(dirname(path), { recursive: true })
    expect(await rejectionOf(store.close())).toMatchObject({
      code: 'store_failed',
      cause: { code: 'ENOENT' },
    })
    expect(thrownBy(() => store.consume(chargeOf('a'))).code).toBe('closed')
    expect(vi.getTimerCount()).toBe(0)
  })
})
