import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { serveModel } from '../../../examples/recipes/simulated-model.ts'

/** A request that the model has got. The test writes the answer. */
export interface ModelCall {
  readonly body: unknown
  readonly res: ServerResponse
  /** Begins the answer, or continues it, with the bytes as they are. */
  readonly write: (bytes: string | Uint8Array) => void
}

/** A model whose answers the test writes piece by piece. It is closed at the end of the test. */
export interface ScriptedModel {
  readonly url: string
  /** Resolves to the next request that nobody has taken yet. */
  readonly nextCall: () => Promise<ModelCall>
  /** How many requests it has got. */
  readonly callCount: () => number
}

export async function startScriptedModel(): Promise<ScriptedModel> {
  const calls: ModelCall[] = []
  let taken = 0
  const server: Server = createServer(async (req, res) => {
    const body = await json(req)
    const write = (bytes: string | Uint8Array): void => {
      if (!res.headersSent) res.writeHead(200, { 'Content-Type': 'text/event-stream' })
      res.write(bytes)
    }
    calls.push({ body, res, write })
    server.emit('call')
  })
  const url = await serveModel(server)
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url,
    callCount: () => calls.length,
    async nextCall() {
      const index = taken++
      for (;;) {
        const call = calls[index]
        if (call !== undefined) return call
        await once(server, 'call')
      }
    },
  }
}

/** An event of the model as it is sent. */
export const event = (data: object | string): string =>
  `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`

/** The event of one token. */
export const word = (content: string): string =>
  event({ choices: [{ index: 0, delta: { content } }], usage: null })

/** The events at the end of an answer. */
export const ending = (totalTokens: number): string =>
  event({ choices: [], usage: { total_tokens: totalTokens } }) + event('[DONE]')
