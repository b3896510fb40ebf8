import http from 'node:http'
import type express from 'express'
import type { NextFunction, Request, Response } from 'express'
import request from 'supertest'
import { createRateLimiter, type RateLimiter, type RateLimiterOptions } from '../../../src/index.ts'

/** An app behind a proxy on loopback, with a limit of one read and one write in a minute. */
export function listingApp(
  framework: typeof express,
  options: RateLimiterOptions,
): { readonly app: express.Express; readonly limiter: RateLimiter } {
  const limiter = createRateLimiter({
    read: 1,
    write: 1,
    trustProxy: 'loopback',
    ...options,
  })
  const app = framework()
  app.use(limiter)
  app.use((req: Request, res: Response) => {
    res.json(req.rateLimit === undefined ? {} : { key: req.rateLimit.key })
  })
  app.use((error: Error, _req: Request, res: Response, _next: NextFunction) => {
    res.status(500).json({ error: error.message })
  })
  return { app, limiter }
}

/** A request that the proxy on loopback forwards for a client. */
export function requestFrom(app: express.Express, address: string): request.Test {
  return request(app).get('/').set('X-Forwarded-For', address)
}

/** The status of a request from this loopback address, without a proxy. */
export function statusFromLocalAddress(localAddress: string, port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = http.get({ port, host: '127.0.0.1', localAddress, agent: false }, (response) => {
      response.resume()
      response.once('end', () => resolve(response.statusCode))
    })
    sent.once('error', reject)
  })
}
