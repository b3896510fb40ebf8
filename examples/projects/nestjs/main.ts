import 'reflect-metadata'
import { NestFactory } from '@nestjs/core'
import { ExpressAdapter } from '@nestjs/platform-express'
import express from 'express'
import { createRateLimiter } from 'express-tollgate'
import { assertEveryRouteLimited } from 'express-tollgate/audit'
import { AppModule } from './app.module.js'

// The limiter comes before everything that Nest adds.
const server = express()
server.use(createRateLimiter({ limit: 100, windowSec: 60 }))

const app = await NestFactory.create(AppModule, new ExpressAdapter(server), { logger: false })
await app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
assertEveryRouteLimited(server)
console.log(`Serving on ${await app.getUrl()}`)
