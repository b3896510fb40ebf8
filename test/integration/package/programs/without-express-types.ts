// A project without @types/express, compiled with `skipLibCheck`.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createRateLimiter, type RateLimiter } from 'express-tollgate'

const byKey: RateLimiter = createRateLimiter<IncomingMessage, ServerResponse>({
  keyGenerator: (req, _res, clientKey) => String(req.headers['x-api-key'] ?? clientKey),
})
const byAddress: RateLimiter = createRateLimiter({ name: 'address', skip: (req) => req.url === '/health' })

createServer((req, res) => byAddress(req, res, () => byKey(req, res, () => res.end())))

createRateLimiter<IncomingMessage, ServerResponse>({
  // @ts-expect-error: a request of node:http has no `ip`
  keyGenerator: (req) => req.ip ?? '',
})
