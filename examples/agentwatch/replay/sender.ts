import { Agent, request } from 'node:http'
import type { LoggedRequest } from './logged-request.ts'

/** Sends requests to the server. */
export interface Sender {
  /** Resolves to the status of the answer. */
  send(logged: LoggedRequest): Promise<number>
  close(): void
}

/** How long one answer may take. */
const ANSWER_TIMEOUT_MS = 30_000

/**
 * Sends over at most `maxConnections` kept-alive connections, with the address of the client in
 * X-Forwarded-For.
 */
export function createSender(url: URL, maxConnections: number): Sender {
  const agent = new Agent({ keepAlive: true, maxSockets: maxConnections })
  return {
    async send(logged) {
      try {
        return await sendOnce(agent, url, logged)
      } catch (error) {
        // The server closed the idle connection at that moment, and has not read the request.
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
      // Only the status matters. The body is read so that the connection is free for the next request.
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
