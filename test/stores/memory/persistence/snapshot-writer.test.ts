import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Limit } from '../../../../src/limits/limit.ts'
import { MemoryStore } from '../../../../src/stores/memory/memory-store.ts'
import { PersistentMemoryStore } from '../../../../src/stores/memory/persistence/persistent-memory-store.ts'
import { snapshotOf } from '../../../../src/stores/memory/persistence/snapshot-writer.ts'
import { FakeClock } from '../../../../src/tools/testing/fake-clock.ts'
import { chargeOf, limitOf } from '../../../support/charges.ts'
import { temporaryFolders } from './temporary-folder.ts'

const folder = temporaryFolders()

/** Limits whose rows have three widths, and more units than a test uses. */
const WIDTHS: readonly (readonly Limit[])[] = [
  [limitOf(1000)],
  [limitOf(1000), limitOf(1000, { name: 'second' })],
  [limitOf(1000), limitOf(2 ** 40, { name: 'second' }), limitOf(1000, { name: 'third' })],
]
const CLIENTS = 9000

function filled(clock: FakeClock): MemoryStore {
  const store = new MemoryStore({ clock })
  // So many that the rows of a width are in several blocks.
  for (let client = 0; client < CLIENTS; client++) store.consume(chargeOf(`${client}`, WIDTHS[0]))
  return store
}

function usedBy(store: MemoryStore, client: number): number {
  return 1000 - (store.peek(chargeOf(`${client}`, WIDTHS[0])).limits[0]?.remaining ?? 0)
}

/** What happens to a client while the store is saved. */
interface Change {
  readonly kind: 'charge' | 'widen' | 'reset' | 'add'
  readonly client: number
  readonly width: number
}

const SOME_CHANGE: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom('charge', 'widen', 'widen', 'reset', 'reset', 'add'),
  client: fc.oneof(fc.nat(CLIENTS - 1), fc.nat(20), fc.integer({ min: CLIENTS - 20, max: CLIENTS - 1 })),
  width: fc.constantFrom(1, 2),
})

function change(store: MemoryStore, { kind, client, width }: Change): void {
  if (kind === 'reset') store.reset(`${client}`)
  else if (kind === 'add') store.consume(chargeOf(`added ${client}`, WIDTHS[width]))
  else store.consume(chargeOf(`${client}`, WIDTHS[kind === 'widen' ? width : 0]))
}

describe('a snapshot of a store that goes on', () => {
  it('has every client that was known all the time, as it was at one moment', async () => {
    const path = join(folder(), 'limits')
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(SOME_CHANGE, { maxLength: 60 }), { maxLength: 12 }),
        async (changes) => {
          const clock = new FakeClock()
          const store = filled(clock)
          const reset = new Set(
            changes.flat().flatMap(({ kind, client }) => (kind === 'reset' ? [client] : [])),
          )
          const pieces: Uint8Array[] = []
          let step = 0
          for (const piece of snapshotOf(MemoryStore.partsOf(store))) {
            pieces.push(Uint8Array.from(piece))
            for (const one of changes[step++] ?? []) change(store, one)
          }
          writeFileSync(path, Buffer.concat(pieces))
          const loaded = await PersistentMemoryStore.load(path, { clock })
          for (let client = 0; client < CLIENTS; client++) {
            const saved = usedBy(loaded, client)
            if (!reset.has(client) && (saved < 1 || saved > usedBy(store, client))) {
              throw new Error(
                `client ${client}: ${saved} saved, and ${usedBy(store, client)} used in the end`,
              )
            }
          }
        },
      ),
      { numRuns: 40 },
    )
  })

  /** The store that a snapshot gives, where `work` is done after the first block. */
  async function savedDuring(store: MemoryStore, clock: FakeClock, work: () => void): Promise<MemoryStore> {
    const path = join(folder(), 'limits')
    const pieces: Uint8Array[] = []
    // The header, and three pieces of the block.
    const FIRST_PIECES = 4
    for (const piece of snapshotOf(MemoryStore.partsOf(store))) {
      pieces.push(Uint8Array.from(piece))
      if (pieces.length === FIRST_PIECES) work()
    }
    writeFileSync(path, Buffer.concat(pieces))
    const loaded = await PersistentMemoryStore.load(path, { clock })
    expect(loaded.size).toBeGreaterThan(0)
    return loaded
  }

  it('has the clients that are left when most are forgotten meanwhile', async () => {
    const clock = new FakeClock()
    const store = filled(clock)
    const loaded = await savedDuring(store, clock, () => {
      for (let client = 0; client < CLIENTS; client++) if (client % 100 !== 0) store.reset(`${client}`)
    })
    expect(loaded.size).toBeLessThan(CLIENTS / 2)
    for (let client = 0; client < CLIENTS; client += 100) expect(usedBy(loaded, client)).toBe(1)
  })

  it('has a client once that is in two blocks, as it was in the later one', async () => {
    const clock = new FakeClock()
    const store = filled(clock)
    // The last clients are in the first block.
    const loaded = await savedDuring(store, clock, () => {
      for (let client = CLIENTS - 50; client < CLIENTS; client++) {
        store.consume(chargeOf(`${client}`, WIDTHS[2], 5))
      }
    })
    expect(loaded.size).toBe(CLIENTS)
    for (let client = CLIENTS - 50; client < CLIENTS; client++) expect(usedBy(loaded, client)).toBe(6)
  })

  it('is equal to the store if that does not change', async () => {
    const path = join(folder(), 'limits')
    const clock = new FakeClock()
    const store = filled(clock)
    for (let client = 0; client < CLIENTS; client += 3) store.consume(chargeOf(`${client}`, WIDTHS[2], 5))
    writeFileSync(path, Buffer.concat([...snapshotOf(MemoryStore.partsOf(store))].map((piece) => piece)))
    const loaded = await PersistentMemoryStore.load(path, { clock })
    expect(loaded.size).toBe(CLIENTS)
    for (let client = 0; client < CLIENTS; client++) {
      if (usedBy(loaded, client) !== usedBy(store, client)) throw new Error(`client ${client} differs`)
    }
  })
})
