import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { FakeClock } from 'express-tollgate/testing'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createApp } from '../../../examples/recipes/language-model.ts'
import { createModel, serveModel } from '../../../examples/recipes/simulated-model.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'
import { runProgram } from '../agentwatch/running-program.ts'
import {
  ending,
  event,
  type ModelCall,
  type ScriptedModel,
  startScriptedModel,
  word,
} from './scripted-model.ts'
import { loadWithExpress, serveApp } from './served-app.ts'

const [ACME, GLOBEX] = ['key-of-acme', 'key-of-globex']
const PRO = 1_000_000
const FREE = 50_000
const MESSAGES = [{ role: 'user', content: 'One word after the other.' }]
/** What the proxy estimates for these messages. */
const PROMPT_TOKENS = Math.ceil(JSON.stringify(MESSAGES).length / 4)
const LONGEST_ANSWER = 1000

interface Budget {
  readonly limit: number
  readonly remaining: number
  readonly resetMs: number
}

interface Recipe {
  readonly url: string
  readonly clock: FakeClock
  /** Asks the model. Its answer is a stream. */
  readonly ask: (key: string, body?: object, signal?: AbortSignal) => Promise<Response>
  readonly budget: (key: string) => Promise<Budget>
  readonly used: (key: string) => Promise<number>
}

async function start(modelUrl: string, create: typeof createApp = createApp): Promise<Recipe> {
  const clock = new FakeClock(Date.parse('2026-03-10T11:00:00Z'))
  const { url } = await serveApp(create({ modelUrl, clock }))
  const budget = async (key: string): Promise<Budget> => {
    const response = await fetch(`${url}/v1/usage`, { headers: { 'X-API-Key': key } })
    const { limits } = (await response.json()) as { limits: [Budget] }
    return limits[0]
  }
  return {
    url,
    clock,
    ask: (key, body = { messages: MESSAGES }, signal) =>
      fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'X-API-Key': key, 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
        ...(signal === undefined ? {} : { signal }),
      }),
    budget,
    used: async (key) => {
      const { limit, remaining } = await budget(key)
      return limit - remaining
    },
  }
}

async function startBoth(): Promise<Recipe & { model: ScriptedModel }> {
  const model = await startScriptedModel()
  return { ...(await start(model.url)), model }
}

/** The failures that the proxy logs. */
function failures(): () => unknown[] {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => log.mockRestore())
  return () => log.mock.calls.map(([, cause]) => String(cause))
}

function readerOf(response: Response): ReadableStreamDefaultReader<Uint8Array> {
  if (response.body === null) throw new Error('The answer has no body.')
  return response.body.getReader()
}

/** Uses up most of the budget: an answer is settled to so many tokens. */
async function spend(
  { ask, model }: Recipe & { model: ScriptedModel },
  key: string,
  tokens: number,
): Promise<void> {
  const answered = ask(key)
  const { write, res } = await model.nextCall()
  write(ending(tokens))
  res.end()
  await (await answered).arrayBuffer()
}

describe('an answer', () => {
  it('is passed on chunk by chunk: the first arrives before the second is written', async () => {
    const { ask, model } = await startBoth()
    const answered = ask(ACME)
    const { write, res, body } = await model.nextCall()
    expect(body).toEqual({
      messages: MESSAGES,
      max_tokens: LONGEST_ANSWER,
      stream: true,
      stream_options: { include_usage: true },
    })
    const chunks = [word('One '), word('word'), ending(14)]
    write(chunks[0] ?? '')
    const response = await answered
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    const reader = readerOf(response)
    for (const [index, chunk] of chunks.entries()) {
      const { value } = await reader.read()
      expect(new TextDecoder().decode(value)).toBe(chunk)
      const next = chunks[index + 1]
      if (next !== undefined) write(next)
    }
    res.end()
    expect((await reader.read()).done).toBe(true)
  })

  it('reserves the prompt and its longest length, and is settled to what the model reports', async () => {
    const { ask, used, model } = await startBoth()
    const answered = ask(ACME, { messages: MESSAGES, max_tokens: 500 })
    const { write, res } = await model.nextCall()
    expect(await used(ACME)).toBe(PROMPT_TOKENS + 500)
    write(word('One ') + ending(1234))
    res.end()
    const response = await answered
    expect(response.headers.get('ratelimit')).toContain(`"tokens";r=${PRO - PROMPT_TOKENS - 500}`)
    await response.arrayBuffer()
    expect(await used(ACME)).toBe(1234)
    expect(await used(GLOBEX)).toBe(0)
  })

  it('is charged by its events if the model reports no usage', async () => {
    const { ask, used, model } = await startBoth()
    const answered = ask(ACME)
    const { write, res } = await model.nextCall()
    write(event({ choices: [{ delta: { role: 'assistant', content: '' } }] }) + word('One ') + word('word'))
    res.end(event('[DONE]'))
    await (await answered).arrayBuffer()
    expect(await used(ACME)).toBe(PROMPT_TOKENS + 2)
  })

  it('may be cut anywhere by the network, also within a character', async () => {
    const { ask, used, model } = await startBoth()
    const answered = ask(ACME)
    const { write, res } = await model.nextCall()
    // Characters of two, three and four bytes, and the end of lines of Windows.
    const text = (word('\u00e9\u20ac\u{1f600} ') + word('\u{1f600}') + ending(77)).replaceAll('\n', '\r\n')
    const bytes = new TextEncoder().encode(text)
    const got: Buffer[] = []
    write(bytes.subarray(0, 1))
    const reader = readerOf(await answered)
    // Each byte is a chunk of its own: the next one is sent when this one has arrived.
    for (let index = 0; index < bytes.length; index++) {
      const { value } = await reader.read()
      expect(value).toHaveLength(1)
      got.push(Buffer.from(value ?? []))
      if (index + 1 < bytes.length) write(bytes.subarray(index + 1, index + 2))
    }
    res.end()
    await reader.read()
    expect(Buffer.concat(got).toString()).toBe(text)
    expect(await used(ACME)).toBe(77)
  })

  it('is read from the model no faster than the client reads it', async () => {
    const { ask, used, model } = await startBoth()
    const answered = ask(ACME)
    const { write, res } = await model.nextCall()
    const long = word('x'.repeat(100_000))
    const most = 1000
    write(long)
    const response = await answered
    let written = 1
    const isStopped = async (): Promise<boolean> => {
      if (!res.writableNeedDrain) return false
      const drained = once(res, 'drain').then(() => false)
      return Promise.race([drained, setTimeout(2000, true)])
    }
    while (written < most && !(await isStopped())) {
      write(long)
      written++
    }
    expect(written).toBeLessThan(most)
    res.end(ending(55))
    expect((await response.arrayBuffer()).byteLength).toBe(written * long.length + ending(55).length)
    expect(await used(ACME)).toBe(55)
  })
})

describe('a client that hangs up', () => {
  it('pays for its prompt and for what was streamed, and ends the request to the model', async () => {
    const { ask, used, model } = await startBoth()
    const client = new AbortController()
    const answered = ask(ACME, undefined, client.signal)
    const { write, res } = await model.nextCall()
    write(word('One ') + word('word '))
    await readerOf(await answered).read()
    const closed = once(res, 'close')
    client.abort()
    await closed
    expect(res.writableFinished).toBe(false)
    await vi.waitFor(async () => expect(await used(ACME)).toBe(PROMPT_TOKENS + 2), { timeout: 60_000 })
  })

  it('pays for its prompt if nothing was streamed', async () => {
    const recipe = await startBoth()
    const { ask, used, model } = recipe
    const client = new AbortController()
    const answered = ask(GLOBEX, undefined, client.signal)
    const { res } = await model.nextCall()
    const closed = once(res, 'close')
    client.abort()
    await expect(answered).rejects.toThrow()
    await closed
    await vi.waitFor(async () => expect(await used(GLOBEX)).toBe(PROMPT_TOKENS), { timeout: 60_000 })
    // Its place is free again.
    await spend(recipe, GLOBEX, 5)
    expect(await used(GLOBEX)).toBe(PROMPT_TOKENS + 5)
  })
})

describe('a model that fails', () => {
  it('costs nothing if it cannot be reached', async () => {
    const logged = failures()
    const { ask, used } = await start('http://127.0.0.1:1/')
    const response = await ask(ACME)
    expect([response.status, await response.json()]).toEqual([502, { error: 'the_model_failed' }])
    expect(await used(ACME)).toBe(0)
    expect(logged()).toEqual(['TypeError: fetch failed'])
  })

  it('costs nothing if it refuses', async () => {
    const logged = failures()
    const { ask, used, model } = await startBoth()
    const answered = ask(ACME)
    const { res } = await model.nextCall()
    res.writeHead(503).end('overloaded')
    const response = await answered
    expect([response.status, await response.json()]).toEqual([502, { error: 'the_model_failed' }])
    expect(await used(ACME)).toBe(0)
    expect(logged()).toEqual(['Error: The model answered with 503.'])
  })

  it.each([
    ['breaks off', ({ res }: ModelCall) => res.destroy()],
    ['sends what is no event', ({ write }: ModelCall) => write('data: <html>\n\n')],
  ])('costs nothing if it %s in the middle, and the client sees that', async (_name, fail) => {
    const logged = failures()
    const { ask, used, model } = await startBoth()
    const answered = ask(ACME)
    const call = await model.nextCall()
    call.write(word('One '))
    const reader = readerOf(await answered)
    await reader.read()
    fail(call)
    await expect(
      (async () => {
        while (!(await reader.read()).done);
      })(),
    ).rejects.toThrow('terminated')
    expect(await used(ACME)).toBe(0)
    expect(logged()).toHaveLength(1)
  })

  it('costs nothing if it reports an error, which is passed on', async () => {
    const { ask, used, model } = await startBoth()
    const answered = ask(ACME)
    const { write, res } = await model.nextCall()
    write(word('One ') + event({ error: { message: 'overloaded' } }))
    res.end(event('[DONE]'))
    expect(await (await answered).text()).toContain('overloaded')
    expect(await used(ACME)).toBe(0)
  })
})

describe('an account', () => {
  it('that has used up its tokens is refused exactly until the month ends in Berlin', async () => {
    const recipe = await startBoth()
    const { ask, budget, clock, model } = recipe
    await spend(recipe, GLOBEX, 10)
    clock.advance(86_400_000)
    // More than it had: it owes the rest.
    await spend(recipe, GLOBEX, FREE)
    const refused = await ask(GLOBEX)
    expect([refused.status, await refused.json()]).toEqual([429, { error: 'rate_limit_exceeded' }])
    const waitMs = Number(refused.headers.get('retry-after')) * 1000
    // Clocks go forward on 29 March.
    expect(clock.now() + waitMs).toBe(Date.parse('2026-04-01T00:00:00+02:00'))
    expect(await budget(GLOBEX)).toMatchObject({ remaining: 0, resetMs: waitMs })
    expect(model.callCount()).toBe(2)
    clock.advance(waitMs - 1)
    expect((await ask(GLOBEX)).status).toBe(429)
    clock.advance(1)
    await spend(recipe, GLOBEX, 10)
    expect((await budget(GLOBEX)).remaining).toBe(FREE - 10)
  })

  it('is refused before the model is asked if its tokens are too few for the estimate', async () => {
    const recipe = await startBoth()
    const { ask, used, model } = recipe
    await spend(recipe, GLOBEX, FREE - PROMPT_TOKENS - 10)
    expect((await ask(GLOBEX)).status).toBe(429)
    const short = ask(GLOBEX, { messages: MESSAGES, max_tokens: 10 })
    const { write, res } = await model.nextCall()
    write(ending(9))
    res.end()
    const response = await short
    await response.arrayBuffer()
    expect(response.status).toBe(200)
    expect(model.callCount()).toBe(2)
    expect(await used(GLOBEX)).toBe(FREE - PROMPT_TOKENS - 1)
  })

  it('has as many answers at a time as its plan says, and the next one when one has ended', async () => {
    const { ask, used, model } = await startBoth()
    for (const [key, most] of [
      [GLOBEX, 1],
      [ACME, 4],
    ] as const) {
      const answers = Array.from({ length: most }, () => ask(key))
      const calls = await Promise.all(answers.map(() => model.nextCall()))
      const refused = await ask(key)
      expect([refused.status, await refused.json()]).toEqual([429, { error: 'concurrency_limit_exceeded' }])
      expect(await used(key)).toBe(most * (PROMPT_TOKENS + LONGEST_ANSWER))
      for (const { write, res } of calls) {
        write(ending(1))
        res.end()
      }
      for (const answer of answers) await (await answer).arrayBuffer()
      const next = ask(key)
      const { res } = await model.nextCall()
      res.end(ending(1))
      await (await next).arrayBuffer()
    }
  })

  it('needs a valid key and a valid body, and neither costs tokens', async () => {
    const { url, ask, used, model } = await startBoth()
    expect((await fetch(`${url}/v1/usage`)).status).toBe(401)
    expect((await ask('key-of-nobody')).status).toBe(401)
    for (const body of [
      {},
      { messages: 'x' },
      ...[0, 1.5, '5', 1001].map((max_tokens) => ({ messages: [], max_tokens })),
    ]) {
      expect((await ask(ACME, body)).status).toBe(400)
    }
    expect((await ask(ACME, { messages: [{ content: 'x'.repeat(17_000) }] })).status).toBe(413)
    expect(await used(ACME)).toBe(0)
    expect(model.callCount()).toBe(0)
  })
})

describe('the recipe', () => {
  it.each(EXPRESS_VERSIONS)('works on %s, with the simulated model', async (_name, version) => {
    const recipe = await loadWithExpress(version, () => import('../../../examples/recipes/language-model.ts'))
    const model = createModel(0)
    onTestFinished(() => {
      model.close()
    })
    const { ask, used } = await start(await serveModel(model), recipe.createApp)
    const text = await (await ask(ACME, { messages: MESSAGES, max_tokens: 3 })).text()
    const words = [...text.matchAll(/"content":"(\w+) "/g)].map(([, content]) => content)
    expect(words).toEqual(['One', 'word', 'after'])
    expect(text).toMatch(/"total_tokens":8\}\}\n\ndata: \[DONE\]\n\n$/)
    expect(await used(ACME)).toBe(8)
  })

  it('serves as a program', async () => {
    const program = runProgram('recipes/language-model.ts', [], { PORT: '0' })
    await program.waitForOutput('\n')
    const [, url = ''] = /^Serving on (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(program.stdout()) ?? []
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'X-API-Key': ACME, 'Content-Type': 'application/json' },
      body: JSON.stringify({ messages: [{ content: 'Two words' }] }),
    })
    expect(await response.text()).toContain('"total_tokens":4')
  })
})
