import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { json } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'

/** What a request to the model contains. */
interface Completion {
  readonly messages: readonly { readonly content: string }[]
  readonly max_tokens: number
}

const wordsOf = (text: string): string[] => text.match(/\S+/g) ?? []

/**
 * A language model that is none: its answer is the last message, word by word. It has the interface of real ones, as far as
 * the recipe needs it: an event for each token, an event with the usage, and `[DONE]`. A word is a token.
 *
 * @param pauseMs the time before each word
 */
export function createModel(pauseMs: number): Server {
  return createServer(async (req, res) => {
    const { messages, max_tokens } = (await json(req)) as Completion
    const hungUp = new AbortController()
    res.once('close', () => hungUp.abort())
    const send = (data: object | string): unknown =>
      res.write(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`)
    res.writeHead(200, { 'Content-Type': 'text/event-stream' })
    const answer = wordsOf(messages.at(-1)?.content ?? '').slice(0, max_tokens)
    for (const word of answer) {
      await setTimeout(pauseMs, undefined, { signal: hungUp.signal }).catch(() => undefined)
      if (hungUp.signal.aborted) return
      send({ choices: [{ index: 0, delta: { content: `${word} ` } }], usage: null })
    }
    const prompt_tokens = messages.flatMap(({ content }) => wordsOf(content)).length
    const total_tokens = prompt_tokens + answer.length
    send({ choices: [], usage: { prompt_tokens, completion_tokens: answer.length, total_tokens } })
    send('[DONE]')
    res.end()
  })
}

/** Serves a model on a free port of 127.0.0.1. Resolves to its URL. */
export async function serveModel(model: Server): Promise<string> {
  await once(model.listen(0, '127.0.0.1'), 'listening')
  const address = model.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/v1/chat/completions`
}
