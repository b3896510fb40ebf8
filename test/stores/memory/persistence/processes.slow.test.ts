import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { PersistentMemoryStore } from '../../../../src/stores/memory/persistence/persistent-memory-store.ts'
import { emittedBy } from '../../../support/emitted-warnings.ts'
import { temporaryFolders } from './temporary-folder.ts'

const PROGRAM = fileURLToPath(new URL('persisting-process.ts', import.meta.url))
const folder = temporaryFolders()
let children: ChildProcess[] = []
afterEach(async () => {
  const running = children.filter((child) => child.exitCode === null && child.signalCode === null)
  for (const child of running) child.kill('SIGKILL')
  await Promise.all(running.map((child) => once(child, 'exit')))
  children = []
})

interface Answer {
  readonly size?: number
  readonly port?: number
  readonly taken?: number
  readonly error?: string
}

async function answerOf(child: ChildProcess): Promise<Answer> {
  return (await once(child, 'message'))[0] as Answer
}

async function start(path: string, everySec = 3600): Promise<{ child: ChildProcess; answer: Answer }> {
  const child = fork(PROGRAM, {
    execArgv: ['--import', 'tsx'],
    env: { PATH: process.env.PATH, STORE_PATH: path, EVERY_SEC: `${everySec}` },
  })
  children.push(child)
  return { child, answer: await answerOf(child) }
}

async function charge(child: ChildProcess, charges: number, saves = false): Promise<Answer> {
  child.send({ charges, saves })
  return answerOf(child)
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<unknown> {
  child.kill(signal)
  return (await once(child, 'exit'))[0]
}

async function clientsIn(path: string): Promise<number> {
  return (await PersistentMemoryStore.load(path)).size
}

describe('a process with a persistent store', () => {
  it('saves at SIGTERM if its handler closes the store, and the next process goes on', async () => {
    const path = join(folder(), 'limits')
    const { child, answer } = await start(path)
    const statusOf = async (port: number | undefined): Promise<number> =>
      (await fetch(`http://127.0.0.1:${port}`)).status
    expect([await statusOf(answer.port), await statusOf(answer.port)]).toEqual([200, 200])
    await charge(child, 999)
    expect(await end(child, 'SIGTERM')).toBe(0)
    expect(readdirSync(dirname(path))).toEqual(['limits'])
    const next = await start(path)
    expect(next.answer.size).toBe(1000)
    expect([await statusOf(next.answer.port), await statusOf(next.answer.port)]).toEqual([200, 429])
  })

  it('that is killed while it saves leaves the last whole file, and its lock is taken over', async () => {
    const path = join(folder(), 'limits')
    let saved = 0
    let interrupted = 0
    for (let round = 0; round < 6; round++) {
      const { child, answer } = await start(path)
      expect(answer.error).toBeUndefined()
      expect(answer.size).toBeGreaterThanOrEqual(saved)
      const { taken = 0 } = await charge(child, 100_000, true)
      saved = taken
      child.send({ charges: 300_000, saves: true })
      // The draft appears when the save begins.
      while (!readdirSync(dirname(path)).some((name) => name.endsWith('.tmp'))) {
        await new Promise<void>((resolve) => setImmediate(resolve))
      }
      await end(child, 'SIGKILL')
      const files = readdirSync(dirname(path))
      if (files.some((name) => name.endsWith('.tmp'))) interrupted++
      expect(files).toContain('limits.lock')
      const warnings = await emittedBy(async () => {
        const copy = `${path}-${round}`
        copyFileSync(path, copy)
        expect(await clientsIn(copy)).toBeGreaterThanOrEqual(saved)
      })
      expect(warnings).toEqual([])
    }
    expect(interrupted).toBeGreaterThan(0)
    const { child, answer } = await start(path)
    expect(answer.size).toBeGreaterThanOrEqual(100_000)
    expect(readdirSync(dirname(path)).filter((name) => name.endsWith('.tmp'))).toEqual([])
    expect(await end(child, 'SIGTERM')).toBe(0)
  })

  it('that crashes has lost what came after its last save only', async () => {
    const path = join(folder(), 'limits')
    const { child } = await start(path, 1)
    await charge(child, 500)
    while ((await clientsIn(path)) < 500) await new Promise<void>((resolve) => setTimeout(resolve, 20))
    await end(child, 'SIGKILL')
    expect((await start(path)).answer.size).toBe(500)
  })

  it('on the path of another process is an error, and writes nothing', async () => {
    const path = join(folder(), 'limits')
    const first = await start(path)
    await charge(first.child, 10, true)
    const before = readFileSync(path)
    const second = await start(path)
    expect(second.answer.error).toContain(
      `PersistentMemoryStore.persist.path: is in use by the store of process ${first.child.pid}, got '${path}'`,
    )
    expect(readFileSync(path)).toEqual(before)
    expect(readdirSync(dirname(path)).sort()).toEqual(['limits', 'limits.lock'])
    expect(await end(first.child, 'SIGTERM')).toBe(0)
  })

  it('is the only one of eight that start at the same time after a crash', async () => {
    const path = join(folder(), 'limits')
    const crashed = await start(path)
    await charge(crashed.child, 10, true)
    await end(crashed.child, 'SIGKILL')
    const started = await Promise.all(Array.from({ length: 8 }, () => start(path)))
    const running = started.filter(({ answer }) => answer.error === undefined)
    expect(running).toHaveLength(1)
    expect(running[0]?.answer.size).toBe(10)
  })
})

/** Whether this user may mount a file system. */
function mountSmallDisk(at: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', at], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const probe = folder()
const canMount = mountSmallDisk(probe)
if (canMount) execFileSync('umount', [probe])

describe.skipIf(!canMount)('a disk that is full', () => {
  it('leaves the file as it was, and no draft', async () => {
    const disk = folder()
    mountSmallDisk(disk)
    try {
      const path = join(disk, 'limits')
      const store = new PersistentMemoryStore()
      for (let client = 0; client < 10_000; client++) store.block(`${client}`, 3_600_000)
      await store.save(path)
      for (let client = 0; client < 60_000; client++) store.block(`${client}`, 3_600_000)
      await expect(store.save(path)).rejects.toMatchObject({
        code: 'store_failed',
        cause: { code: 'ENOSPC' },
      })
      expect(readdirSync(disk)).toEqual(['limits'])
      expect(await clientsIn(path)).toBe(10_000)
    } finally {
      execFileSync('umount', [disk])
    }
  })
})
