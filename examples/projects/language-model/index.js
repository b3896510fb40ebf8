import express from 'express'
import { createRateLimiter } from 'express-tollgate'

/** The model. Replace it with a call of yours that says how many tokens it took. */
async function askModel(prompt) {
  const words = prompt.split(/\s+/)
  return { text: `You wrote ${words.length} words.`, tokens: 20 + words.length }
}

const LONGEST_ANSWER = 100
const accounts = new Map([['key-of-acme', 'acme']])

const budget = createRateLimiter({
  name: 'tokens',
  limit: 1000, // tokens an hour
  windowSec: 3600,
  cost: (req) => Math.ceil(String(req.body?.prompt).length / 4) + LONGEST_ANSWER, // the most that it can cost
  keyGenerator: (_req, res) => `account:${res.locals.account}`,
})

const app = express()
app.use(createRateLimiter({ name: 'address', limit: 60, windowSec: 60 })) // also attempts to guess a key
app.use((req, res, next) => {
  res.locals.account = accounts.get(req.get('x-api-key'))
  if (res.locals.account === undefined) res.status(401).json({ error: 'unknown_key' })
  else next()
})
app.post('/chat', express.json({ limit: '2kb' }), budget, async (req, res) => {
  try {
    const { text, tokens } = await askModel(String(req.body?.prompt))
    await budget.settle(req, tokens)
    res.json({ text, tokens })
  } catch (error) {
    await budget.refund(req) // the model failed: it costs nothing
    throw error
  }
})
app.get('/usage', async (_req, res) => {
  const { limits } = await budget.peek(`account:${res.locals.account}`)
  res.json({ remaining: limits[0].remaining })
})

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', (error) => {
  if (error) throw error
  console.log(`Serving on http://127.0.0.1:${server.address().port}`)
})
