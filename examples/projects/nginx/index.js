import express from 'express'
import { createRateLimiter } from 'express-tollgate'

const app = express()

// One proxy in front, on a private network or on this machine.
const limiter = createRateLimiter({ limit: 5, windowSec: 10, trustProxy: 1 })
app.use(limiter)

// Shows how the client is found. Remove it once you have checked your set-up.
app.get('/debug/client', (req, res) => {
  res.json(limiter.explain(req))
})

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', (error) => {
  if (error) throw error
  console.log(`Serving on http://127.0.0.1:${server.address().port}`)
})
