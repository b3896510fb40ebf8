import express from 'express'
import { createRateLimiter } from 'express-tollgate'

const app = express()

// First: what stands before the limiter is not limited.
app.use(createRateLimiter({ limit: 5, windowSec: 10 }))

app.get('/', (_req, res) => {
  res.json({ hello: 'world' })
})

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', (error) => {
  if (error) throw error
  console.log(`Serving on http://127.0.0.1:${server.address().port}`)
})
