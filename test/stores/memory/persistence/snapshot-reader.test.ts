import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MemoryStore } from '../../../../src/stores/memory/memory-store.ts'
import { PersistentMemoryStore } from '../../../../src/stores/memory/persistence/persistent-memory-store.ts'
import { FORMAT } from '../../../../src/stores/memory/persistence/snapshot-format.ts'
import { loadSnapshot } from '../../../../src/stores/memory/persistence/snapshot-reader.ts'
import { FakeClock } from '../../../../src/tools/testing/fake-clock.ts'
import { banRule, chargeOf, limitOf } from '../../../support/charges.ts'
import { type EmittedWarning, emittedBy } from '../../../support/emitted-warnings.ts'
import { temporaryFolders } from './temporary-folder.ts'

const folder = temporaryFolders()
const clock = new FakeClock(1_000_000)

async function savedBytes(): Promise<Buffer> {
  const path = join(folder(), 'limits')
  const store = new PersistentMemoryStore({ clock })
  store.consume(chargeOf('a'))
  store.consume(
    chargeOf('b', [limitOf(3, { algorithm: 'sliding-window' }), limitOf(2 ** 40, { name: 'wide' })]),
  )
  store.block('c', 60_000)
  await store.save(path)
  return readFileSync(path)
}

/** The warnings of loading these bytes, and how many clients the store has then. */
async function loaded(
  bytes: Uint8Array,
): Promise<{ warnings: EmittedWarning[]; clients: number; path: string }> {
  const path = join(folder(), 'limits')
  writeFileSync(path, bytes)
  let clients = -1
  const warnings = await emittedBy(async () => {
    const store = await PersistentMemoryStore.load(path, { clock })
    clients = store.size
    // It works.
    expect(store.consume(chargeOf('a')).limits[0]?.remaining).toBe(clients > 0 ? 1 : 2)
  })
  return { warnings, clients, path }
}

/** Why these bytes cannot be used. Checks that the store has no clients then. */
function problemOf(bytes: Uint8Array): string | undefined {
  const path = join(folder(), 'limits')
  writeFileSync(path, bytes)
  const store = new MemoryStore({ clock })
  const problem = loadSnapshot(path, MemoryStore.partsOf(store))
  expect(store.size).toBe(0)
  return problem
}

/** The same file with a right checksum. */
function withChecksum(bytes: Buffer): Buffer {
  const content = bytes.subarray(0, -32)
  return Buffer.concat([content, createHash('sha256').update(content).digest()])
}

function warningOf(path: string, problem: string): EmittedWarning {
  return {
    code: 'TOLLGATE_STORE_NOT_LOADED',
    message: `A PersistentMemoryStore starts empty, because the file '${path}' cannot be used: ${problem}.`,
  }
}

describe('a file that cannot be used gives an empty store and a warning', () => {
  it('not where it is whole', async () => {
    expect(await loaded(await savedBytes())).toMatchObject({ warnings: [], clients: 3 })
  })

  it('wherever it is truncated', async () => {
    const bytes = await savedBytes()
    for (let length = 0; length < bytes.length; length++) {
      const isTooShort = length < 64 + 32
      expect(problemOf(bytes.subarray(0, length))).toBe(
        isTooShort
          ? 'it is not a file of a PersistentMemoryStore, or it is truncated'
          : 'it is damaged or truncated: its checksum is wrong',
      )
    }
  })

  it('wherever a bit is wrong', async () => {
    const bytes = await savedBytes()
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes)
      damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8))
      expect(problemOf(damaged)).toMatch(/^it (?:is|has) /)
    }
  })

  it('where it has another format', async () => {
    const bytes = await savedBytes()
    bytes.writeInt32LE(FORMAT + 1, 8)
    const { warnings, clients, path } = await loaded(withChecksum(bytes))
    const problem = `it has the format ${FORMAT + 1}, and this version of express-tollgate reads the format ${FORMAT}`
    expect(warnings).toEqual([warningOf(path, problem)])
    expect(clients).toBe(0)
  })

  it('where it is a file of another program', async () => {
    const text = Buffer.from('{ "port": 3000 }\n'.repeat(50))
    const { warnings, clients, path } = await loaded(text)
    expect(warnings).toEqual([warningOf(path, 'it is not a file of a PersistentMemoryStore')])
    expect(clients).toBe(0)
    expect(readFileSync(path)).toEqual(text)
  })

  it('where it is a folder', async () => {
    const path = join(folder(), 'limits')
    mkdirSync(path)
    const warnings = await emittedBy(async () => {
      expect((await PersistentMemoryStore.load(path)).size).toBe(0)
    })
    expect(warnings).toEqual([warningOf(path, 'it is not a file')])
    expect(existsSync(path)).toBe(true)
  })

  // Nobody but a program that writes other blocks makes such a file.
  it.each([
    ['a table that is none', 64, 7, 'it has a block that is none'],
    ['a narrow width', 68, 2, 'it has a block that is none'],
    ['a width below zero', 68, -8, 'it is truncated'],
    ['too many rows', 72, 2 ** 30, 'it is truncated'],
    ['longer schemas', 76, 2 ** 30, 'it is truncated'],
  ])('where its checksum is right and a block has %s', async (_what, at, word, problem) => {
    const bytes = await savedBytes()
    bytes.writeInt32LE(word, at)
    expect(problemOf(withChecksum(bytes))).toBe(problem)
  })
})

describe('the format', () => {
  /*
   * A file that this version must read, for ever: if this test fails, raise FORMAT, and save the file again with the
   * charges below.
   */
  it('is the one of the file in this folder', async () => {
    const path = new URL('format-1.bin', import.meta.url).pathname
    const limits = [limitOf(3), limitOf(5, { name: 'slices', algorithm: 'sliding-window' })]
    const bucket = [limitOf(4, { algorithm: 'token-bucket' })]
    const ban = banRule(2, 60_000, 120_000)
    const store = await PersistentMemoryStore.load(path, { clock: new FakeClock(1_000_000) })
    expect(FORMAT).toBe(1)
    expect(store.size).toBe(4)
    expect(store.peek(chargeOf('windows', limits)).limits.map(({ remaining }) => remaining)).toEqual([1, 3])
    expect(store.peek(chargeOf('bucket', bucket)).limits).toMatchObject([{ remaining: 1 }])
    expect(store.peek(chargeOf('banned')).ban?.endsInMs).toBe(60_000)
    expect(store.consume(chargeOf('refused once', [limitOf(1)], 1, ban)).ban).toMatchObject({ isNew: true })
  })
})
