import type { Server } from 'node:http'
import { onEveryRequest } from './server-requests.ts'

const STATUS_CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const

export type StatusClass = (typeof STATUS_CLASSES)[number]

/** How many requests were answered, by status. It holds no addresses. */
export interface RequestCounts {
  readonly byClass: Readonly<Record<StatusClass, number>>
  /** Requests answered with 429. They are part of the 4xx too. */
  readonly refused: number
  /** Requests whose client closed the connection before the answer was complete. */
  readonly aborted: number
}

/**
 * Counts the answers of a server. It listens to the server, so that no middleware comes before the limiter.
 */
export function countRequests(server: Server): RequestCounts {
  const byClass: Record<StatusClass, number> = { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 }
  const counts = { byClass, refused: 0, aborted: 0 }
  onEveryRequest(server, (res) => {
    res.once('close', () => {
      if (!res.writableFinished) {
        counts.aborted += 1
        return
      }
      const statusClass = STATUS_CLASSES[Math.floor(res.statusCode / 100) - 1] ?? '5xx'
      byClass[statusClass] += 1
      if (res.statusCode === 429) counts.refused += 1
    })
  })
  return counts
}
