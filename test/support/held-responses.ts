import { EventEmitter, once } from 'node:events'
import type { ServerResponse } from 'node:http'

/** A request that has reached its handler and waits for its response. */
export interface HeldRequest {
  /**
   * Sends a response with this status. Resolves when the response is finished and the client has received it.
   */
  readonly finish: (status: number) => Promise<void>
}

/** A handler whose responses are sent when the test calls `finish`. */
export class HeldResponses {
  readonly #arrivals = new EventEmitter()

  readonly handler = (_req: unknown, res: ServerResponse): void => {
    this.#arrivals.emit('arrival', res)
  }

  /** Sends a request, and resolves when it has reached the handler. */
  async hold(url: string): Promise<HeldRequest> {
    const arrived = once(this.#arrivals, 'arrival')
    const answered = fetch(url).then((response) => response.arrayBuffer())
    const [res] = (await arrived) as [ServerResponse]
    return {
      async finish(status) {
        const finished = once(res, 'finish')
        res.statusCode = status
        res.end()
        await Promise.all([finished, answered])
      },
    }
  }
}
