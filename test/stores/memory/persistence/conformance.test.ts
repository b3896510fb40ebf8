import { randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { PersistentMemoryStore } from '../../../../src/stores/memory/persistence/persistent-memory-store.ts'
import { storeConformance } from '../../../../src/tools/testing/conformance/store-conformance.ts'

storeConformance({
  name: 'the conformance of PersistentMemoryStore without a file',
  describe,
  it,
  create: (clock) => new PersistentMemoryStore({ clock }),
})

describe('the conformance of PersistentMemoryStore with a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-conformance-'))
  const paths: string[] = []
  afterAll(() => rmSync(folder, { recursive: true }))

  storeConformance({
    describe,
    it,
    create: (clock) => {
      const path = join(folder, randomUUID())
      paths.push(path)
      return new PersistentMemoryStore({ clock, persist: { path, everySec: 1 } })
    },
  })

  it('leaves a file of each store, and no other file', () => {
    expect(paths.length).toBeGreaterThan(50)
    expect(paths.filter((path) => !existsSync(path))).toEqual([])
    expect(readdirSync(folder)).toHaveLength(paths.length)
  })
})
