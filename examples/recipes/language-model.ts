/**
 * A proxy in front of a language model. An account has tokens for each month, and a number of answers at a time.
 *
 * What an answer costs is known at its end. So a request reserves its prompt and the longest answer that it can get, and is
 * settled to the tokens that the model reports. An account that has overdrawn its budget waits for the next month.
 *
 * - The model sends a stream of events. Each chunk is sent to the client when it arrives, and the usage is read from
 *   the event at the end. Nothing is buffered but the event that is not complete.
 * - A client that hangs up ends the request to the model. It pays for its prompt and for what was streamed until
 *   then. If such a request cost nothing, a client would hang up before the last event.
 * - If the model fails, the charge is given back.
 *
 * A limiter by address stands before both, so that attempts to guess a key are limited too. The limit of the body
 * and the longest answer keep each estimate below the smallest budget.
 *
 * Without MODEL_URL the model is a simulated one. Run it with:
 *
 *   npx tsx --tsconfig examples/tsconfig.json examples/recipes/language-model.ts
 *
 *   curl -iN http://127.0.0.1:3000/v1/chat/completions -H 'X-API-Key: key-of-acme' \
 *     -H 'Content-Type: application/json' -d '{ "messages": [{ "content": "One word after the other." }] }'
 *   curl http://127.0.0.1:3000/v1/usage -H 'X-API-Key: key-of-acme'
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import express, { type Express, type Request, type RequestHandler, type Response } from 'express'
import { type Clock, createRateLimiter, type PlanOptions, type RateLimiter } from 'express-tollgate'
import { assertEveryRouteLimited } from 'express-tollgate/audit'
import { createConcurrencyLimiter } from 'express-tollgate/concurrency'
import { createModel, serveModel } from './simulated-model.ts'
import { StreamUsage } from './stream-usage.ts'

interface Options {
  readonly modelUrl: string
  /** For tests. */
  readonly clock?: Clock
}

/** A plan with so many tokens in each month. */
const monthly = (limit: number): PlanOptions => ({
  limit: { name: 'tokens', limit, per: 'month', timeZone: 'Europe/Berlin' },
})

const LONGEST_ANSWER = 1000

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Accounts by the hashes of their keys. Only the owners have the keys themselves. */
const ACCOUNTS: ReadonlyMap<string, { readonly id: string; readonly plan: 'free' | 'pro' }> = new Map([
  [sha256('key-of-acme'), { id: 'acme', plan: 'pro' }],
  [sha256('key-of-globex'), { id: 'globex', plan: 'free' }],
])

const checkKey: RequestHandler = (req, res, next) => {
  res.locals.account = ACCOUNTS.get(sha256(req.get('X-API-Key') ?? ''))
  if (res.locals.account === undefined) res.status(401).json({ error: 'a_valid_key_is_needed' })
  else next()
}

/** Keeps of the body what the model gets. The client chooses how long its answer is, up to a maximum. */
const readPrompt: RequestHandler = (req, res, next) => {
  const { messages, max_tokens: longest = LONGEST_ANSWER } = Object(req.body)
  const isValid =
    Array.isArray(messages) && Number.isInteger(longest) && longest >= 1 && longest <= LONGEST_ANSWER
  if (!isValid) return void res.status(400).json({ error: 'invalid_request' })
  req.body = { messages, max_tokens: longest, stream: true, stream_options: { include_usage: true } }
  next()
}

/** About four characters are a token. */
const promptTokens = ({ body }: Request): number => Math.ceil(JSON.stringify(body.messages).length / 4)

/** Sends the answer of the model to the client. Rejects if the model fails, and if the client hangs up. */
async function pipeAnswer(req: Request, res: Response, usage: StreamUsage, modelUrl: string): Promise<void> {
  const hungUp = new AbortController()
  res.once('close', () => hungUp.abort())
  if (res.destroyed) hungUp.abort()
  const { signal } = hungUp
  const headers = { 'Content-Type': 'application/json' }
  const answer = await fetch(modelUrl, { method: 'POST', headers, body: JSON.stringify(req.body), signal })
  if (!answer.ok || answer.body === null) throw new Error(`The model answered with ${answer.status}.`)
  res.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' }).flushHeaders()
  for await (const chunk of answer.body) {
    usage.add(chunk)
    if (!res.write(chunk)) await once(res, 'drain', { signal })
  }
}

/** Charges nothing for an answer that the model has not finished. A part of an answer must not look complete. */
async function giveBack(req: Request, res: Response, budget: RateLimiter, cause: unknown): Promise<void> {
  console.error('The model failed:', cause)
  await budget.refund(req)
  if (res.headersSent) res.destroy()
  else res.status(502).json({ error: 'the_model_failed' })
}

/** Charges what the model reports, or what was streamed until the client has hung up. */
function proxyTo(modelUrl: string, budget: RateLimiter): RequestHandler {
  const proxy = async (req: Request, res: Response): Promise<void> => {
    const usage = new StreamUsage(promptTokens(req))
    try {
      await pipeAnswer(req, res, usage, modelUrl)
    } catch (error) {
      if (!res.destroyed) return await giveBack(req, res, budget, error)
    }
    await budget.settle(req, usage.tokens)
    res.end()
  }
  return (req, res, next) => void proxy(req, res).catch(next)
}

/** The app: a limiter by address, the check of the key, and the limits of the account. */
export function createApp({ modelUrl, ...options }: Options): Express {
  const account = {
    ...options,
    keyGenerator: (_req: Request, res: Response): string => `account:${res.locals.account.id}`,
    plan: (_req: Request, res: Response): string => res.locals.account.plan,
  }
  const answers = createConcurrencyLimiter({ ...account, name: 'answers', plans: { free: 1, pro: 4 } })
  const budget = createRateLimiter({
    ...account,
    name: 'tokens',
    unit: 'tokens',
    plans: { free: monthly(50_000), pro: monthly(1_000_000) },
    cost: (req) => promptTokens(req) + req.body.max_tokens,
    legacyHeaders: false,
    standardHeaders: true,
  })
  const app = express()
  app.use(createRateLimiter({ ...options, limit: 600, windowSec: 60 }), checkKey)
  const body = [express.json({ limit: '16kb' }), readPrompt]
  app.post('/v1/chat/completions', answers, ...body, budget, proxyTo(modelUrl, budget))
  app.get('/v1/usage', (_req, res, next) => {
    const { id, plan } = res.locals.account
    budget.peek(`account:${id}`, { plan }).then(({ limits }) => res.json({ plan, limits }), next)
  })
  assertEveryRouteLimited(app)
  return app
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const modelUrl = process.env.MODEL_URL ?? (await serveModel(createModel(200)))
  const server = createApp({ modelUrl }).listen(Number(process.env.PORT ?? 3000), '127.0.0.1', (error) => {
    if (error) throw error
    console.log(`Serving on http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  })
}
