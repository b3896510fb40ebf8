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

class ConfusesInheritedNames extends SimpleStore {
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
    // Does nothing, and throws nothing.
  }
}

class ResetAllForgetsOne extends SimpleStore {
  override resetAll(): void {
    const [first = ''] = this.clients.keys()
    this.clients.delete(first)
  }
}

class ForgetsClients extends SimpleStore {
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

const separateKeys = 'every key is counted separately'
const unusualKeys =
  'unusual keys are counted separately: empty, separators, NUL, CR LF, __proto__, lone surrogates, 10 kB'
const resetOneKey = 'reset() forgets one key, and no other key'
const resetAllKeys = 'resetAll() forgets every key'
const remembers = 'a client is remembered until its window ends, while many other clients come'
const closes = 'close() can be called twice'

export const BROKEN_KEYS: readonly BrokenStore[] = [
  broken('takes keys with the same hash for one key', HashesKeys, separateKeys),
  broken('shortens keys', ShortensKeys, unusualKeys),
  broken('trims keys', TrimsKeys, unusualKeys),
  broken('normalises keys', NormalisesKeys, unusualKeys),
  broken(
    'encodes keys as UTF-8, in which all lone surrogates become the same character',
    EncodesKeys,
    unusualKeys,
  ),
  broken('takes the names of inherited properties for one key', ConfusesInheritedNames, unusualKeys),
  broken('forgets all keys in reset()', ResetForgetsAll, resetOneKey),
  broken('forgets nothing in reset()', ResetDoesNothing, resetOneKey),
  broken('forgets one key in resetAll()', ResetAllForgetsOne, resetAllKeys),
  broken('forgets all clients when there are many', ForgetsClients, remembers),
  broken('cannot be closed twice', ClosesOnce, closes),
]
