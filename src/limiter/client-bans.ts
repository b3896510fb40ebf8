import { type BanEvent, bans } from '../events/channels.ts'
import type { Decision } from '../limits/decision.ts'
import type { LimiterDescription } from '../limits/limiter-description.ts'
import { REQUEST_CLASSES, type RequestClass } from '../limits/request-class.ts'
import type { Settings } from '../options/settings.ts'
import type { ResilientStore } from '../stores/resilience/resilient-store.ts'
import { type StoreKeyOf, storeKeysOf } from '../stores/store-key.ts'

/**
 * Bans clients, and not only one class of their requests: a store knows keys alone, of which a client has one
 * for each class.
 */
export class ClientBans {
  readonly #store: ResilientStore
  readonly #storeKeyOf: StoreKeyOf
  readonly #classes: readonly RequestClass[]
  readonly #limiter: LimiterDescription

  constructor(
    { name, policies }: Pick<Settings<never, never>, 'name' | 'policies'>,
    store: ResilientStore,
    limiter: LimiterDescription,
  ) {
    this.#store = store
    this.#limiter = limiter
    this.#storeKeyOf = storeKeysOf(name)
    this.#classes = REQUEST_CLASSES.filter((requestClass) => policies[requestClass] !== false)
  }

  async block(clientKey: string, forMs: number): Promise<void> {
    await this.#onEach(clientKey, (key) => this.#store.block(key, forMs))
    this.#tell(clientKey, 'block', forMs)
  }

  async unblock(clientKey: string): Promise<void> {
    await this.#onEach(clientKey, (key) => this.#store.unblock(key))
    this.#tell(clientKey, 'unblock', 0)
  }

  /** Tells that a client's ban is gone with all that was known of it. */
  forgotten(clientKey: string): void {
    this.#tell(clientKey, 'reset', 0)
  }

  /** Extends a ban that a refusal has just brought about under one key of a client to the client's others. */
  spread(key: string, decision: Decision): void {
    const from = this.#classes.find((one) => key.startsWith(this.#storeKeyOf(one, '')))
    if (from === undefined || decision.ban === undefined) return
    const clientKey = key.slice(this.#storeKeyOf(from, '').length)
    this.#tell(clientKey, 'refusals', decision.ban.endsInMs)
    for (const requestClass of this.#classes) {
      if (requestClass === from) continue
      this.#store.spreadBan(this.#storeKeyOf(requestClass, clientKey), decision, decision.ban)
    }
  }

  #tell(key: string, cause: BanEvent['cause'], endsInMs: number): void {
    if (bans.hasSubscribers) bans.publish({ limiter: this.#limiter, key, cause, endsInMs })
  }

  /** Side by side, so that one that fails keeps no other from being tried. */
  async #onEach(clientKey: string, write: (key: string) => Promise<void>): Promise<void> {
    await Promise.all(this.#classes.map((one) => write(this.#storeKeyOf(one, clientKey))))
  }
}
