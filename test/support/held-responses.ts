import { EventEmitter, once } from 'node:events'
import type { ServerResponse } from 'node:http'

/** A request that has reached its handler and waits for an answer. */
export interface HeldRequest {
  /** Answers with this status; resolves when the response is out and everything that waited for it is done. */
  readonly finish: (status: number) => Promise<void>
}

/** A handler that answers when a test says so. */
export class HeldResponses {
  readonly #arrivals = new EventEmitter()

  readonly handler = (_req: unknown, res: ServerResponse): void => {
    this.#arrivals.emit('arrival', res)
  }

  /** Sends a request and waits until the handler has it. */
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
