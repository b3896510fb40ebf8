import type { Decision } from '../../../../src/limits/decision.ts'
import type { Charge } from '../../../../src/stores/store.ts'
import { SimpleStore } from '../simple-store.ts'
import { type BrokenStore, broken } from './broken-store.ts'

class HashesKeys extends SimpleStore {
  protected override keyOf(key: string): string {
    let hash = 7
    for (const character of key) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 251
    return String(hash)
  }
}

class ShortensKeys extends SimpleStore {
  protected override keyOf(key: string): string {
    return key.slice(0, 1000)
  }
}

class TrimsKeys extends SimpleStore {
  protected override keyOf(key: string): string {
    return key.trim()
  }
}

class NormalisesKeys extends SimpleStore {
  protected override keyOf(key: string): string {
    return key.normalize('NFC')
  }
}

class EncodesKeys extends SimpleStore {
  protected override keyOf(key: string): string {
    return Buffer.from(key).toString('latin1')
  }
}

class KeepsKeysInAnObject extends SimpleStore {
  protected override keyOf(key: string): string {
    return key in {} ? 'inherited' : key
  }
}

class ResetForgetsAll extends SimpleStore {
  override reset(): void {
    this.clients.clear()
  }
}

class ResetDoesNothing extends SimpleStore {
  override reset(): void {
    // Nothing, and no error.
  }
}

class ResetAllForgetsOne extends SimpleStore {
  override resetAll(): void {
    const [first = ''] = this.clients.keys()
    this.clients.delete(first)
  }
}

class ShortMemory extends SimpleStore {
  override consume(charge: Charge): Decision | Promise<Decision> {
    if (this.clients.size > 100) this.clients.clear()
    return super.consume(charge)
  }
}

class ClosesOnce extends SimpleStore {
  #closed = false
  override close(): void {
    if (this.#closed) throw new Error('closed already')
    this.#closed = true
  }
}

const apart = 'counts every key apart'
const odd = 'tells odd keys apart: empty, separators, NUL, CR LF, __proto__, lone surrogates, 10 kB'
const resetOne = 'forgets one key on reset, and only that one'
const resetAll = 'forgets every key on resetAll'
const remembers = 'forgets nobody before the window ends, however busy others are'
const closes = 'closes, and closes again without an error'

export const BROKEN_KEYS: readonly BrokenStore[] = [
  broken('takes keys of one hash for one', HashesKeys, apart),
  broken('shortens keys', ShortensKeys, odd),
  broken('trims keys', TrimsKeys, odd),
  broken('normalises keys', NormalisesKeys, odd),
  broken('sends keys as UTF-8, where lone surrogates become one', EncodesKeys, odd),
  broken('keeps keys in an object', KeepsKeysInAnObject, odd),
  broken('forgets all on reset', ResetForgetsAll, resetOne),
  broken('forgets nothing on reset', ResetDoesNothing, resetOne),
  broken('forgets one on resetAll', ResetAllForgetsOne, resetAll),
  broken('forgets clients when there are many', ShortMemory, remembers),
  broken('cannot be closed twice', ClosesOnce, closes),
]
