import { type BanEvent, banChannel } from '../events/channels.ts'
import type { Decision } from '../limits/decision.ts'
import type { LimiterDescription } from '../limits/limiter-description.ts'
import { limitedPolicies } from '../limits/policy.ts'
import { REQUEST_CLASSES, type RequestClass } from '../limits/request-class.ts'
import type { Settings } from '../options/settings.ts'
import type { ResilientStore } from '../stores/resilience/resilient-store.ts'
import { type StoreKeyOf, storeKeysOf } from '../stores/store-key.ts'

/**
 * Bans clients in all classes. A store bans keys, and a client has one key for each class: a ban of a client is a ban
 * of each of its keys.
 */
export class ClientBans {
  readonly #store: ResilientStore
  readonly #storeKeyOf: StoreKeyOf
  readonly #limitedClasses: readonly RequestClass[]
  readonly #limiter: LimiterDescription

  constructor(
    { name, plans, preflight }: Pick<Settings<never, never>, 'name' | 'plans' | 'preflight'>,
    store: ResilientStore,
    limiter: LimiterDescription,
  ) {
    this.#store = store
    this.#limiter = limiter
    this.#storeKeyOf = storeKeysOf(name)
    const limited = new Set<RequestClass>(limitedPolicies(plans).map((policy) => policy.class))
    if (preflight !== false) limited.add(preflight.class)
    this.#limitedClasses = REQUEST_CLASSES.filter((requestClass) => limited.has(requestClass))
  }

  /** @param otherKeys further keys under which the client may be charged */
  async block(clientKey: string, forMs: number, otherKeys: readonly string[] = []): Promise<void> {
    await this.#writeEachKey([clientKey, ...otherKeys], (key) => this.#store.block(key, forMs))
    this.#publish(clientKey, 'block', forMs)
  }

  /** @param otherKeys as in {@link block} */
  async unblock(clientKey: string, otherKeys: readonly string[] = []): Promise<void> {
    await this.#writeEachKey([clientKey, ...otherKeys], (key) => this.#store.unblock(key))
    this.#publish(clientKey, 'unblock', 0)
  }

  /** Publishes that a client's ban has ended because the client was reset. */
  publishReset(clientKey: string): void {
    this.#publish(clientKey, 'reset', 0)
  }

  /** Extends a ban that a refusal has just started under one key of a client to the client's other keys. */
  spread(key: string, decision: Decision): void {
    const bannedClass = this.#limitedClasses.find((each) => key.startsWith(this.#storeKeyOf(each, '')))
    if (bannedClass === undefined || decision.ban === undefined) return
    const clientKey = key.slice(this.#storeKeyOf(bannedClass, '').length)
    this.#publish(clientKey, 'refusals', decision.ban.endsInMs)
    for (const requestClass of this.#limitedClasses) {
      if (requestClass === bannedClass) continue
      this.#store.spreadBan(this.#storeKeyOf(requestClass, clientKey), decision, decision.ban)
    }
  }

  #publish(key: string, cause: BanEvent['cause'], endsInMs: number): void {
    if (banChannel.hasSubscribers) banChannel.publish({ limiter: this.#limiter, key, cause, endsInMs })
  }

  /** All keys at once: one write that fails does not keep the others from being tried. */
  async #writeEachKey(clientKeys: readonly string[], write: (key: string) => Promise<void>): Promise<void> {
    await Promise.all(
      clientKeys.flatMap((clientKey) =>
        this.#limitedClasses.map((requestClass) => write(this.#storeKeyOf(requestClass, clientKey))),
      ),
    )
  }
}
