import type { Decision } from '../limits/decision.ts'
import { REQUEST_CLASSES, type RequestClass } from '../limits/request-class.ts'
import type { Settings } from '../options/settings.ts'
import type { GuardedStore } from '../stores/guarded-store.ts'
import { type StoreKeyOf, storeKeysOf } from '../stores/store-key.ts'
import type { Assessment } from './assessment.ts'

/**
 * Bans clients, and not only one class of their requests: a store knows keys alone, of which a client has one
 * for each class.
 */
export class Bans {
  readonly #store: GuardedStore
  readonly #storeKeyOf: StoreKeyOf
  readonly #classes: readonly RequestClass[]

  constructor({ name, policies }: Pick<Settings<never, never>, 'name' | 'policies'>, store: GuardedStore) {
    this.#store = store
    this.#storeKeyOf = storeKeysOf(name)
    this.#classes = REQUEST_CLASSES.filter((requestClass) => policies[requestClass] !== false)
  }

  block(clientKey: string, forMs: number): Promise<void> {
    return this.#onEach(clientKey, (key) => this.#store.block(key, forMs))
  }

  unblock(clientKey: string): Promise<void> {
    return this.#onEach(clientKey, (key) => this.#store.unblock(key))
  }

  /** Extends a ban that a refusal in one class has just brought about to the others. */
  spread(decision: Decision, { clientKey, policy }: Pick<Assessment, 'clientKey' | 'policy'>): void {
    const { ban } = decision
    if (ban?.isNew !== true) return
    for (const requestClass of this.#classes) {
      if (requestClass === policy.class) continue
      this.#store.spreadBan(this.#storeKeyOf(requestClass, clientKey), decision, ban)
    }
  }

  /** Side by side, so that one that fails keeps no other from being tried. */
  async #onEach(clientKey: string, write: (key: string) => Promise<void>): Promise<void> {
    await Promise.all(this.#classes.map((one) => write(this.#storeKeyOf(one, clientKey))))
  }
}
