import { Agent, get } from 'node:http'

const TICK_MS = 10
/** Longer than any answer may take. */
const PATIENCE_MS = 30_000
/** Requests without an answer at a time, in seconds of the load: beyond that the generator sends no more. */
const MOST_PENDING_SECONDS = 2
/** Half of all requests come from a few clients, which are soon over their limit, and half from many clients below it. */
const OFFENDERS = 5
// No two of these numbers and the number of processes share a factor: each client comes to all processes.
const OTHERS = 499

/**
 * Sends a fixed number of requests a second to several ports in turn, before earlier requests are answered too.
 *
 * On a machine that is too busy the generator itself falls behind. It then leaves requests out and counts them as
 * `unsent`: what it measures in that time says nothing about the servers.
 */
export class SteadyLoad {
  readonly #ports: readonly number[]
  readonly #perSecond: number
  readonly #agent = new Agent({ keepAlive: true })
  readonly #statuses = new Map<number, number>()
  readonly #pending = new Set<Promise<void>>()
  readonly #beganAtMs = performance.now()
  readonly #timer: NodeJS.Timeout
  #sent = 0
  /** Requests that the generator left out because it could not keep up. */
  unsent = 0
  /** Why the first request without an answer got none. */
  firstError: string | undefined

  constructor(ports: readonly number[], perSecond: number) {
    this.#ports = ports
    this.#perSecond = perSecond
    this.#timer = setInterval(() => this.#sendDue(), TICK_MS)
  }

  /** How often each status came; 0 stands for no answer. */
  get statuses(): ReadonlyMap<number, number> {
    return this.#statuses
  }

  /** Ends with the last answer. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#pending)
    this.#agent.destroy()
  }

  #sendDue(): void {
    const due = Math.floor(((performance.now() - this.#beganAtMs) * this.#perSecond) / 1000)
    const mostPending = this.#perSecond * MOST_PENDING_SECONDS
    while (this.#sent + this.unsent < due) {
      if (this.#pending.size >= mostPending) {
        this.unsent = due - this.#sent
        return
      }
      const request = this.#send(this.#sent++).finally(() => this.#pending.delete(request))
      this.#pending.add(request)
    }
  }

  async #send(number: number): Promise<void> {
    const half = Math.floor(number / 2)
    const port = this.#ports[half % this.#ports.length]
    const address =
      number % 2 === 0
        ? `192.0.2.${half % OFFENDERS}`
        : `10.0.${Math.floor((half % OTHERS) / 250)}.${half % 250}`
    const status = await this.#statusOf(`http://127.0.0.1:${port}/`, address)
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1)
  }

  #statusOf(url: string, address: string): Promise<number> {
    return new Promise((resolve) => {
      const fail = (why: string): void => {
        this.firstError ??= why
        resolve(0)
      }
      const headers = { 'X-Forwarded-For': address }
      const request = get(url, { agent: this.#agent, headers, timeout: PATIENCE_MS }, (response) => {
        response.resume()
        response.once('end', () => resolve(response.statusCode ?? 0))
        response.once('error', ({ message }) => fail(message))
      })
      request.once('timeout', () => request.destroy(new Error(`no answer within ${PATIENCE_MS / 1000} s`)))
      request.once('error', ({ message }) => fail(message))
    })
  }
}
