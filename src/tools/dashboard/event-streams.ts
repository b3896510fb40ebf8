import type { ServerResponse } from 'node:http'
import { startInBackground } from '../../background-timer.ts'

/** The most streams, and so open pages, at the same time. */
export const MOST_STREAMS = 16

const INTERVAL_MS = 1000

/** A stream ends after this time. The page then connects again, so that `authorize` decides again. */
const LONGEST_STREAM_MS = 600_000

/**
 * The most bytes that wait for a slow page. A page that is slower misses messages, and the memory stays
 * bounded.
 */
const MOST_WAITING_BYTES = 262_144

/** Server-sent events: one message a second to each open page, and no work while no page is open. */
export class EventStreams {
  readonly #message: () => string
  readonly #endsAtMs = new Map<ServerResponse, number>()
  /** Undefined while no stream is open. */
  #endTimer: (() => void) | undefined
  #isClosed = false

  /** @param message makes the text of a message; it must contain no line ends */
  constructor(message: () => string) {
    this.#message = message
  }

  /** Whether another stream may be opened. */
  get hasRoom(): boolean {
    return !this.#isClosed && this.#endsAtMs.size < MOST_STREAMS
  }

  /** The number of open streams. */
  get size(): number {
    return this.#endsAtMs.size
  }

  /**
   * Starts a stream on a response, whose headers may be set already. The stream ends when either side closes
   * it.
   */
  open(res: ServerResponse): void {
    res.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      // Without this header nginx collects events until its buffer is full.
      'X-Accel-Buffering': 'no',
    })
    this.#endsAtMs.set(res, performance.now() + LONGEST_STREAM_MS)
    res.once('close', () => this.#remove(res))
    res.write(`retry: 2000\n\n${this.#event()}`)
    this.#endTimer ??= startInBackground(() => setInterval(() => this.#sendToAll(), INTERVAL_MS))
  }

  /** Ends all streams and allows no new one. */
  close(): void {
    this.#isClosed = true
    for (const res of [...this.#endsAtMs.keys()]) {
      this.#remove(res)
      res.end()
    }
  }

  #sendToAll(): void {
    const event = this.#event()
    const nowMs = performance.now()
    for (const [res, endsAtMs] of this.#endsAtMs) {
      if (nowMs >= endsAtMs) res.end()
      else if (res.writableLength < MOST_WAITING_BYTES) res.write(event)
    }
  }

  #event(): string {
    return `data: ${this.#message()}\n\n`
  }

  #remove(res: ServerResponse): void {
    this.#endsAtMs.delete(res)
    if (this.#endsAtMs.size > 0) return
    this.#endTimer?.()
    this.#endTimer = undefined
  }
}
