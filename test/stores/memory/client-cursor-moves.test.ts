import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LARGEST_LIMIT, type Limit } from '../../../src/limits/limit.ts'
import { KeyMemo } from '../../../src/stores/key-memo.ts'
import { ClientCursor, type ClientRows } from '../../../src/stores/memory/client-cursor.ts'
import type { ClientEntry } from '../../../src/stores/memory/client-entry.ts'
import { type Fingerprint, KeyHash } from '../../../src/stores/memory/table/key-hash.ts'
import { NO_ROW } from '../../../src/stores/memory/table/row-index.ts'
import { fingerprintOf, newClientRows, windowEntry } from './client-rows.ts'
import { SOME_ENTRY } from './some-entries.ts'

const SECRET = Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8)

/** Counts the keys that it hashes. */
class CountingHash extends KeyHash {
  hashed = 0

  override of(key: string): Fingerprint {
    this.hashed++
    return super.of(key)
  }
}

describe('a cursor that looks for a key', () => {
  /** Two cursors over the same clients. Each has its own hash, because a hash overwrites its latest fingerprint. */
  function two(): { hash: CountingHash; cursor: ClientCursor; otherHash: KeyHash; other: ClientCursor } {
    const clients = newClientRows()
    return {
      hash: new CountingHash(SECRET),
      cursor: new ClientCursor(clients),
      otherHash: new KeyHash(SECRET),
      other: new ClientCursor(clients),
    }
  }

  it('does not hash the key again while no row has moved', () => {
    const { hash, cursor } = two()
    cursor.findKey('a', hash)
    cursor.write(windowEntry())
    cursor.findKey('a', hash)
    hash.hashed = 0
    for (let turn = 0; turn < 5; turn++) expect(cursor.findKey('a', hash)).toBe(true)
    expect(hash.hashed).toBe(0)
    expect(cursor.read()).toEqual(windowEntry())
    expect(cursor.findKey('b', hash)).toBe(false)
    expect(cursor.findKey('a', hash)).toBe(true)
    expect(hash.hashed).toBe(2)
  })

  it('neither hashes nor believes a memo of another cursor', () => {
    const { hash, cursor, otherHash, other } = two()
    const memo = new KeyMemo()
    for (const [index, key] of ['first', 'a'].entries()) {
      cursor.findKey(key, hash)
      cursor.write(windowEntry({ refusedCost: index }))
    }
    expect(cursor.findKey('a', hash, memo)).toBe(true)
    cursor.findKey('first', hash)
    hash.hashed = 0
    expect(cursor.findKey('a', hash, memo)).toBe(true)
    expect(cursor.read().refusedCost).toBe(1)
    expect(hash.hashed).toBe(0)
    // The last row moves to the gap of the first row, and the memo says so no more.
    cursor.findKey('first', hash)
    cursor.remove()
    hash.hashed = 0
    expect(cursor.findKey('a', hash, memo)).toBe(true)
    expect(cursor.read().refusedCost).toBe(1)
    expect(hash.hashed).toBe(0)
    // The other cursor looks for itself, and leaves its own place.
    const elsewhere = new ClientCursor(newClientRows())
    expect(elsewhere.findKey('a', otherHash, memo)).toBe(false)
    expect(other.findKey('a', otherHash, memo)).toBe(true)
    expect(cursor.findKey('b', hash, new KeyMemo())).toBe(false)
  })

  it('finds its client again after it pointed at another one', () => {
    const { hash, cursor } = two()
    cursor.findKey('a', hash)
    cursor.write(windowEntry())
    const a = { ...hash.of('a') }
    cursor.findKey('b', hash)
    cursor.write(windowEntry({ refusedCost: 2 }))
    cursor.findKey('b', hash)
    cursor.find(a)
    expect(cursor.read().refusedCost).toBe(0)
    cursor.findKey('b', hash)
    expect(cursor.read().refusedCost).toBe(2)
    cursor.goTo(NO_ROW)
    expect(cursor.isKnown).toBe(false)
    expect(cursor.findKey('b', hash)).toBe(true)
    expect(cursor.read().refusedCost).toBe(2)
  })

  it('notices that another cursor has removed its client, and that it has added it again', () => {
    const { hash, cursor, otherHash, other } = two()
    cursor.findKey('a', hash)
    cursor.write(windowEntry())
    cursor.findKey('a', hash)
    other.findKey('a', otherHash)
    other.remove()
    expect(cursor.findKey('a', hash)).toBe(false)
    other.findKey('a', otherHash)
    other.write(windowEntry({ refusedCost: 4 }))
    expect(cursor.findKey('a', hash)).toBe(true)
    expect(cursor.read().refusedCost).toBe(4)
  })

  it('finds its client where another cursor has moved it', () => {
    const { hash, cursor, otherHash, other } = two()
    for (const [index, key] of ['first', 'a'].entries()) {
      cursor.findKey(key, hash)
      cursor.write(windowEntry({ refusedCost: index }))
    }
    cursor.findKey('a', hash)
    // The last row moves to the gap of the first row.
    other.findKey('first', otherHash)
    other.remove()
    other.findKey('new', otherHash)
    other.write(windowEntry({ refusedCost: 12 }))
    expect(cursor.findKey('a', hash)).toBe(true)
    expect(cursor.read().refusedCost).toBe(1)
    // A row that grows moves too.
    other.findKey('a', otherHash)
    other.write(windowEntry({ refusedCost: 5 }, { used: LARGEST_LIMIT }))
    cursor.findKey('a', hash)
    expect(cursor.read()).toEqual(windowEntry({ refusedCost: 5 }, { used: LARGEST_LIMIT }))
  })
})

type Step =
  | { readonly kind: 'write'; readonly client: number; readonly entry: ClientEntry }
  | { readonly kind: 'remove' | 'evict' | 'refuse'; readonly client: number }
  | { readonly kind: 'addOrRemoveMany' }

/** The clients of a table, beside a map of what was written of them. */
class CheckedClients {
  readonly #hash = new KeyHash(SECRET)
  readonly #entries = new Map<string, ClientEntry>()
  /** The first cursor finds clients by their keys; the other one moves rows in between. */
  readonly #cursor: ClientCursor
  readonly #other: ClientCursor
  readonly #manyCount: number

  constructor(clients: ClientRows, manyCount: number) {
    this.#cursor = new ClientCursor(clients)
    this.#other = new ClientCursor(clients)
    this.#manyCount = manyCount
  }

  take(step: Step): void {
    if (step.kind === 'addOrRemoveMany') {
      this.#addOrRemoveMany()
      return
    }
    const key = `client ${step.client}`
    const known = this.#entries.get(key)
    assert.equal(this.#cursor.findKey(key, this.#hash), known !== undefined)
    if (known !== undefined) assert.deepEqual(kept(this.#cursor.read()), kept(known))
    if (step.kind === 'write') this.#write(key, step.entry)
    else if (known !== undefined) this.#change(step.kind, key, known)
  }

  checkAll(): void {
    for (const [key, entry] of this.#entries) {
      assert.equal(this.#other.find({ ...this.#hash.of(key) }), true)
      assert.deepEqual(kept(this.#other.read()), kept(entry))
      assert.deepEqual(namesOf(this.#other.read().limits), namesOf(entry.limits))
    }
  }

  #write(key: string, entry: ClientEntry): void {
    this.#cursor.write(entry)
    this.#entries.set(key, entry)
  }

  #change(kind: 'remove' | 'evict' | 'refuse', key: string, known: ClientEntry): void {
    if (kind === 'refuse') {
      this.#cursor.setRefusedCost(3)
      this.#entries.set(key, { ...known, refusedCost: 3 })
      return
    }
    const remover = kind === 'remove' ? this.#cursor : this.#other
    if (kind === 'evict') remover.find({ ...this.#cursor.fingerprint })
    remover.remove()
    this.#entries.delete(key)
  }

  /** Makes size classes grow by a chunk, or shrink. */
  #addOrRemoveMany(): void {
    for (let number = 0; number < this.#manyCount; number++) {
      if (this.#other.find(fingerprintOf(number))) this.#other.remove()
      else this.#other.write(windowEntry())
    }
  }
}

/** Without the limits: they are those of the latest lookup of the schema. */
function kept({ limits: _limits, ...entry }: ClientEntry): Omit<ClientEntry, 'limits'> {
  return entry
}

function namesOf(limits: readonly Limit[]): string[][] {
  return limits.map(({ name, algorithm }) => [name, algorithm])
}

describe('clients of a table', () => {
  const client = fc.nat(5)
  const onOne = (kind: 'remove' | 'evict' | 'refuse'): fc.Arbitrary<Step> =>
    client.map((which) => ({ kind, client: which }))
  const write = fc
    .tuple(client, SOME_ENTRY)
    .map(([which, entry]): Step => ({ kind: 'write', client: which, entry }))
  const step = fc.oneof(
    { weight: 6, arbitrary: write },
    onOne('remove'),
    onOne('evict'),
    onOne('refuse'),
    fc.constant<Step>({ kind: 'addOrRemoveMany' }),
  )

  it('are read as they were written, whichever rows another cursor has moved', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 40, size: 'max' }),
        fc.constantFrom(1, 64, 130),
        (steps, manyCount) => {
          const checked = new CheckedClients(newClientRows(), manyCount)
          for (const next of steps) checked.take(next)
          checked.checkAll()
        },
      ),
      { numRuns: 150 },
    )
  })
})
