/**
 * Two workers of node:cluster with a concurrency limiter of one place each: a fixture of workers.slow.test.ts. The primary
 * prints the statuses of its requests as JSON: for each worker of one that is held, of a second one, and of a third one
 * after the first has hung up.
 */
import cluster from 'node:cluster'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { createConcurrencyLimiter } from '../../../src/tools/concurrency/index.ts'

/** A request of the primary, whose response may never end. */
async function get(port: number): Promise<{ status: number | undefined; hangUp: () => void }> {
  const request = http.get({ port, host: '127.0.0.1', agent: false })
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  response.on('error', () => undefined).resume()
  return { status: response.statusCode, hangUp: () => request.destroy() }
}

async function statusAfterRefusals(port: number): Promise<number | undefined> {
  for (;;) {
    const { status, hangUp } = await get(port)
    hangUp()
    if (status !== 429) return status
  }
}

async function runPrimary(): Promise<void> {
  const workers = [cluster.fork(), cluster.fork()]
  const ports = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0] as number))
  const held = await Promise.all(ports.map(get))
  const second = await Promise.all(ports.map(get))
  for (const { hangUp } of held) hangUp()
  const third = await Promise.all(ports.map(statusAfterRefusals))
  console.log(
    JSON.stringify([held, second].map((answers) => answers.map(({ status }) => status)).concat([third])),
  )
  for (const worker of workers) worker.kill()
}

function runWorker(): void {
  const limiter = createConcurrencyLimiter({ limit: 1, trustProxy: false })
  const server = http.createServer((req, res) => limiter(req, res, () => void res.write('held')))
  server.listen({ port: 0, host: '127.0.0.1', exclusive: true }, () => {
    process.send?.((server.address() as AddressInfo).port)
  })
}

if (cluster.isPrimary) await runPrimary()
else runWorker()
