/**
 * An app behind nginx on the same machine. Every connection comes from nginx. Without `trustProxy`, all
 * clients would share one limit. If the app trusted more proxies, each client could choose its address.
 *
 * Run it with: npx tsx --tsconfig examples/tsconfig.json examples/behind-nginx.ts
 *
 * The configuration of nginx for this app:
 *
 *   server {
 *     listen 80;
 *     location / {
 *       proxy_pass http://127.0.0.1:3000;
 *       proxy_http_version 1.1;
 *       proxy_set_header Host $host;
 *       # Appends the address that nginx sees. The text that the client sent stays to the left of it. The app
 *       # does not trust that text.
 *       proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
 *     }
 *   }
 */
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import express, { type Express } from 'express'
import { createRateLimiter } from 'express-tollgate'
import { assertEveryRouteLimited } from 'express-tollgate/audit'

/** The app trusts nginx, which connects from this machine, and no other peer. */
export function createApp(): Express {
  const app = express()
  app.use(createRateLimiter({ read: 100, write: 20, windowSec: 60, trustProxy: 1 }))
  app.get('/whoami', (req, res) => {
    res.json({ chargedTo: req.rateLimit?.key })
  })
  assertEveryRouteLimited(app)
  return app
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = createApp().listen(Number(process.env.PORT ?? 3000), '127.0.0.1', (error) => {
    if (error) throw error
    console.log(`Serving on http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  })
}
