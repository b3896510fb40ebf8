import { statSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { describe, expect, it } from 'vitest'
import { MemoryStore } from '../../../../src/stores/memory/memory-store.ts'
import { PersistentMemoryStore } from '../../../../src/stores/memory/persistence/persistent-memory-store.ts'
import { snapshotOf } from '../../../../src/stores/memory/persistence/snapshot-writer.ts'
import { ALGORITHMS, limitOf } from '../../../support/charges.ts'
import { temporaryFolders } from './temporary-folder.ts'

const CLIENTS = 1_000_000
const folder = temporaryFolders()

/** The time of this process in milliseconds: other processes may take the processors meanwhile. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

// Times are printed, and decide nothing.
describe('a million clients', () => {
  it.each(ALGORITHMS)('are saved in short steps, and loaded: %s', async (algorithm) => {
    const path = join(folder(), 'limits')
    const limits = [limitOf(5, { algorithm, windowMs: 3_600_000 })]
    const store = new PersistentMemoryStore()
    for (let client = 0; client < CLIENTS; client++) {
      store.consume({ key: `client ${client}`, limits, cost: 1, refundable: false })
    }
    let longestMs = 0
    let bytes = 0
    const pieces = snapshotOf(MemoryStore.partsOf(store))
    for (let before = performance.now(), { value } = pieces.next(); value !== undefined; ) {
      longestMs = Math.max(longestMs, performance.now() - before)
      bytes = Math.max(bytes, value.byteLength)
      before = performance.now()
      value = pieces.next().value
    }
    // What bounds a pause is the work between two pieces.
    expect(bytes).toBeLessThanOrEqual(2 ** 17)
    const [beforeSave, savedAt] = [cpuMs(), performance.now()]
    await store.save(path)
    const [saveCpuMs, saveMs] = [cpuMs() - beforeSave, performance.now() - savedAt]
    const [beforeLoad, loadedAt] = [cpuMs(), performance.now()]
    const loaded = await PersistentMemoryStore.load(path)
    const [loadCpuMs, loadMs] = [cpuMs() - beforeLoad, performance.now() - loadedAt]
    expect(loaded.size).toBe(CLIENTS)
    expect(loaded.peek({ key: 'client 77', limits, cost: 1 }).limits[0]?.remaining).toBe(4)
    const ms = (time: number): string => `${time.toFixed(1)} ms`
    console.log(
      `${algorithm}: ${statSync(path).size} bytes; longest pause ${ms(longestMs)}; saved in ${ms(saveMs)} ` +
        `(${ms(saveCpuMs)} of processor time), loaded in ${ms(loadMs)} (${ms(loadCpuMs)})`,
    )
  })
})
