import type { AgentEvent } from './event.ts'
import type { Session } from './session.ts'

/** A change of a session. */
export type SessionUpdate =
  | { readonly kind: 'event'; readonly session: Session; readonly event: AgentEvent }
  | {
      readonly kind: 'rollback'
      readonly session: Session
      readonly checkpointId: string
      readonly dropped: number
    }

/** Passes each update to all listeners at once, and stores none. */
export class Feed {
  readonly #listeners = new Set<(update: SessionUpdate) => void>()

  /** Returns a function that ends the subscription. */
  subscribe(listener: (update: SessionUpdate) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  publish(update: SessionUpdate): void {
    for (const listener of this.#listeners) listener(update)
  }
}
