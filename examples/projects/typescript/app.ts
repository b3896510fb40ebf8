import express, { type Express } from 'express'
import { type Clock, createRateLimiter } from 'express-tollgate'

/** The app. Tests pass a clock that they turn. */
export function createApp(options: { readonly clock?: Clock } = {}): Express {
  const app = express()
  app.use(
    createRateLimiter({
      ...options,
      read: 100,
      write: { limit: 2, windowSec: 60, algorithm: 'sliding-window' },
      cost: (req) => (req.path.startsWith('/search') ? 5 : 1),
    }),
  )
  app.get('/items', (req, res) => {
    res.json({ remaining: req.rateLimit?.remaining })
  })
  app.post('/items', (_req, res) => {
    res.sendStatus(201)
  })
  return app
}
