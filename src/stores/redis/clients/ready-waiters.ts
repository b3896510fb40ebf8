/** The part of an event emitter that waiting needs. */
export interface ReadyEvents {
  once(event: 'ready', listener: () => void): unknown
  off(event: 'ready', listener: () => void): unknown
}

/** Waits for a client. All who wait share one listener: more than ten would be taken for a leak, and warned of. */
export class Readiness {
  readonly #client: ReadyEvents
  readonly #waiting = new Set<() => void>()

  constructor(client: ReadyEvents) {
    this.#client = client
  }

  /** Settles with the event `ready`, or rejects with what `notReady` says after so many milliseconds. */
  within(withinMs: number, notReady: () => Error): Promise<void> {
    return new Promise((resolve, reject) => {
      const onReady = (): void => {
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(() => {
        this.#waiting.delete(onReady)
        if (this.#waiting.size === 0) this.#client.off('ready', this.#onReady)
        reject(notReady())
      }, withinMs)
      if (this.#waiting.size === 0) this.#client.once('ready', this.#onReady)
      this.#waiting.add(onReady)
    })
  }

  readonly #onReady = (): void => {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const onReady of waiting) onReady()
  }
}
