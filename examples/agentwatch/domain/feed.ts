import type { AgentEvent } from './event.ts'
import type { Session } from './session.ts'

/** Something that just happened. */
export type News =
  | { readonly kind: 'event'; readonly session: Session; readonly event: AgentEvent }
  | {
      readonly kind: 'rollback'
      readonly session: Session
      readonly checkpointId: string
      readonly dropped: number
    }

/** Hands news to whoever listens, in the tick in which it happens; keeps none. */
export class Feed {
  readonly #listeners = new Set<(news: News) => void>()

  /** Returns what ends the subscription. */
  subscribe(listener: (news: News) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  publish(news: News): void {
    for (const listener of this.#listeners) listener(news)
  }
}
