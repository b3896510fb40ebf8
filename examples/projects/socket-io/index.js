import { createServer } from 'node:http'
import express from 'express'
import { createRateLimiter } from 'express-tollgate'
import { Server } from 'socket.io'

const app = express()
const limiter = createRateLimiter({ limit: 100, windowSec: 60 })
const messages = createRateLimiter({ name: 'messages', limit: 2, windowSec: 10 })
app.use(limiter)
app.get('/', (_req, res) => {
  res.json({ hello: 'world' })
})

const server = createServer(app)
const io = new Server(server)
limiter.guard(server, app) // connections, and everything else that the server answers

io.on('connection', (socket) => {
  const { key } = limiter.explain(socket.request)
  socket.on('message', async (text, answer) => {
    const { allowed, retryAfterMs } = await messages.consume(key)
    answer(allowed ? { text } : { error: 'too many messages', retryAfterMs })
  })
})

server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`Serving on http://127.0.0.1:${server.address().port}`)
})
