import { Agent, request } from 'node:http'
import type { LoggedRequest } from './logged-request.ts'

/** Sends requests to the server and tells the status of each answer. */
export interface Sender {
  send(logged: LoggedRequest): Promise<number>
  close(): void
}

/** Nobody waits longer than that for one answer. */
const ANSWER_TIMEOUT_MS = 30_000

/** Sends over kept-alive connections, at most so many at once; each request in its client's name. */
export function createSender(url: URL, maxConnections: number): Sender {
  const agent = new Agent({ keepAlive: true, maxSockets: maxConnections })
  return {
    async send(logged) {
      try {
        return await sendOnce(agent, url, logged)
      } catch (error) {
        // The server had closed the idle connection just then, and never saw the request.
        if (error instanceof StaleConnection) return sendOnce(agent, url, logged)
        throw error
      }
    },
    close: () => agent.destroy(),
  }
}

class StaleConnection extends Error {}

function sendOnce(agent: Agent, url: URL, { address, method, target }: LoggedRequest): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({
      agent,
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? 80 : url.port,
      method,
      path: target,
      headers: { 'X-Forwarded-For': address, 'User-Agent': 'agentwatch-replay', 'Content-Length': 0 },
      timeout: ANSWER_TIMEOUT_MS,
    })
    sent.on('response', (answer) => {
      // The limiter's verdict is in the status; the body only has to be read for the next request to go.
      answer.on('error', reject)
      answer.on('end', () => resolve(answer.statusCode ?? 0))
      answer.resume()
    })
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${ANSWER_TIMEOUT_MS / 1000} s`)))
    sent.on('error', (error) => {
      const stale = sent.reusedSocket && 'code' in error && error.code === 'ECONNRESET'
      reject(stale ? new StaleConnection(error.message, { cause: error }) : error)
    })
    sent.end()
  })
}
