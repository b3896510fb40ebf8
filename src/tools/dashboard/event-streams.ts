import type { ServerResponse } from 'node:http'

/** Pages that are served at the same time. */
export const MOST_STREAMS = 16

const TICK_MS = 1000

/** After so many milliseconds a page has to ask again, so that `authorize` has its say again. */
const LONGEST_STREAM_MS = 600_000

/** Bytes that may wait for a slow page; it misses snapshots rather than fill the memory. */
const MOST_WAITING = 262_144

/** Server-sent events: one message a second to each page that is open, and no work while there is none. */
export class EventStreams {
  readonly #message: () => string
  readonly #untilMs = new Map<ServerResponse, number>()
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  /** @param message makes what is sent: text without line ends */
  constructor(message: () => string) {
    this.#message = message
  }

  /** Whether another page can be served. */
  get hasRoom(): boolean {
    return !this.#isClosed && this.#untilMs.size < MOST_STREAMS
  }

  /** Streams that are open. */
  get size(): number {
    return this.#untilMs.size
  }

  /** Begins a response, whose headers may be set already, and goes on until either end closes it. */
  open(res: ServerResponse): void {
    res.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      // nginx would keep the events back until it has a buffer full of them.
      'X-Accel-Buffering': 'no',
    })
    this.#untilMs.set(res, performance.now() + LONGEST_STREAM_MS)
    res.once('close', () => this.#forget(res))
    res.write(`retry: 2000\n\n${this.#event()}`)
    if (this.#timer !== undefined) return
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
    this.#timer.unref()
  }

  /** Ends all streams and serves no more. */
  close(): void {
    this.#isClosed = true
    for (const res of [...this.#untilMs.keys()]) {
      this.#forget(res)
      res.end()
    }
  }

  #tick(): void {
    const event = this.#event()
    const nowMs = performance.now()
    for (const [res, untilMs] of this.#untilMs) {
      if (nowMs >= untilMs) res.end()
      else if (res.writableLength < MOST_WAITING) res.write(event)
    }
  }

  #event(): string {
    return `data: ${this.#message()}\n\n`
  }

  #forget(res: ServerResponse): void {
    this.#untilMs.delete(res)
    if (this.#untilMs.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
