import type { NextFunction, Request, RequestHandler, Response } from 'express'
import type { Contestant, DirectCounter } from './contestant.ts'

interface Window {
  startMs: number
  used: number
}

interface Answer {
  readonly allowed: boolean
  readonly remaining: number
  readonly resetMs: number
}

/** A fixed window in a bare Map: it answers as it must, forgets nobody, and has no ceiling. */
export const bareMap: Contestant = {
  name: 'bare Map',

  async createCounter({ limit, windowMs }) {
    const windows = new Map<string, Window>()
    const counter: DirectCounter<Answer> = {
      answers: 'directly',
      ask(key) {
        const nowMs = Date.now()
        let window = windows.get(key)
        if (window === undefined) {
          window = { startMs: nowMs, used: 0 }
          windows.set(key, window)
        } else if (nowMs - window.startMs >= windowMs) {
          window.startMs = nowMs
          window.used = 0
        }
        const allowed = window.used < limit
        if (allowed) window.used++
        return { allowed, remaining: limit - window.used, resetMs: window.startMs + windowMs - nowMs }
      },
      isAdmitted: ({ allowed }) => allowed,
      usedOf: ({ remaining }) => limit - remaining,
      size: () => windows.size,
      close: () => windows.clear(),
    }
    return counter
  },
}

/** Middleware that is not there. */
export const bareExpress: Contestant = {
  ...floor('bare Express', passOn),
  createRedisGate: async () => ({ handler: passOn, close: async () => undefined }),
}

/** What is left of a rate limiter that counts nobody: it says what it would say. */
export const threeHeaders: Contestant = floor('bare headers', (_req, res, next) => {
  res.setHeader('X-RateLimit-Limit', '999999999')
  res.setHeader('X-RateLimit-Remaining', '999999998')
  res.setHeader('X-RateLimit-Reset', String(Math.ceil(Date.now() / 1000) + 60))
  next()
})

/** A rate limiter of ten lines: it counts in a Map by the address of the socket, forgets nobody, and refuses nobody. */
export const tenLines: Contestant = {
  name: 'floor',

  async createGate({ limit, windowMs }) {
    const windows = new Map<string | undefined, Window>()
    const handler: RequestHandler = (req, res, next) => {
      const nowMs = Date.now()
      const key = req.socket.remoteAddress
      let window = windows.get(key)
      if (window === undefined || nowMs - window.startMs >= windowMs) {
        window = { startMs: nowMs, used: 0 }
        windows.set(key, window)
      }
      window.used++
      res.setHeader('X-RateLimit-Limit', String(limit))
      res.setHeader('X-RateLimit-Remaining', String(limit - window.used))
      res.setHeader('X-RateLimit-Reset', String(Math.ceil((window.startMs + windowMs) / 1000)))
      next()
    }
    return { handler, clients: () => windows.size }
  },
}

/** A refusal as anybody would write it. */
export const bare429Json: Contestant = floor('bare 429, res.json', (_req, res) => {
  res.status(429).json({ error: 'rate_limit_exceeded' })
})

const BODY = JSON.stringify({ error: 'rate_limit_exceeded' })

/** The least that a refusal with a body can be. */
export const bare429End: Contestant = floor('bare 429, res.end', (_req, res) => {
  res.statusCode = 429
  res.setHeader('Content-Type', 'application/json; charset=utf-8')
  res.setHeader('Content-Length', String(BODY.length))
  res.end(BODY)
})

/** The least that a refusal with the fields and the body of express-tollgate can be. */
export const bare429Fields: Contestant = floor('bare 429, same fields', (_req, res) => {
  res.statusCode = 429
  res.setHeader('X-RateLimit-Limit', '1')
  res.setHeader('X-RateLimit-Remaining', '0')
  res.setHeader('X-RateLimit-Reset', String(Math.ceil(Date.now() / 1000) + 3600))
  res.setHeader('Retry-After', '3600')
  res.setHeader('Cache-Control', 'no-store')
  res.setHeader('Content-Type', 'application/json')
  res.setHeader('Content-Length', String(BODY.length))
  res.end(BODY)
})

function passOn(_req: Request, _res: Response, next: NextFunction): void {
  next()
}

function floor(name: Contestant['name'], handler: RequestHandler): Contestant {
  return { name, createGate: async () => ({ handler, clients: () => undefined }) }
}
