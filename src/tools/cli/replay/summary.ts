import type { Limit } from '../../../limits/limit.ts'
import type { RequestClass } from '../../../limits/request-class.ts'
import type { ClientRecord } from './client-record.ts'
import { maskClient } from './mask.ts'
import type { OfflineLimiter } from './offline-limiter.ts'
import { clientsAbove, countPeaks, limitFor, type PeakCount, SHARES, type SuggestedLimit } from './peaks.ts'
import { MINUTE_MS, type Replayer, type UnreadableLine } from './replayer.ts'

/** One class of requests in a {@link ReplaySummary}. */
export interface ClassSummary {
  readonly requests: number
  readonly admitted: number
  readonly refused: number
  readonly clients: number
  /** Clients that were refused at least once. */
  readonly refusedClients: number
  /** The limit that was tried; null where the class has none. */
  readonly limit: {
    readonly limit: number
    readonly windowSec: number
    readonly algorithm: Limit['algorithm']
    readonly burst: number
  } | null
  /** Limits by the share of clients that they would refuse; of a token bucket, what it holds. */
  readonly suggestions: readonly SuggestedLimit[]
}

/** A client that was refused. Times are ISO 8601, in UTC, here and below. */
export interface RefusedClient {
  readonly client: string
  readonly requests: number
  readonly refused: number
  readonly firstRefused: string
  readonly lastRefused: string
}

/** What a replay has come to, as `--json` prints it. Keys stay as they are; new ones may come. */
export interface ReplaySummary {
  readonly files: readonly string[]
  /** Time of the first request; null where there is none. */
  readonly from: string | null
  readonly to: string | null
  readonly lines: number
  readonly requests: number
  readonly admitted: number
  readonly refused: number
  readonly clients: number
  readonly refusedClients: number
  readonly classes: Readonly<Record<RequestClass, ClassSummary>>
  /** The most often refused first; as many as `--top` says. */
  readonly topClients: readonly RefusedClient[]
  /** Those with the most refusals first. */
  readonly busiestMinutes: readonly {
    readonly minute: string
    readonly requests: number
    readonly refused: number
  }[]
  readonly unreadable: number
  /** The first of them. */
  readonly unreadableLines: readonly UnreadableLine[]
  /** Lines that were taken later than they say, since one before them was later. */
  readonly lateLines: number
  readonly mostLateSec: number
  readonly forwardedLines: number
  /** Clients that the memory store forgot for want of room; 0 below a million of them. */
  readonly forgottenClients: number
}

/** What is summed up, and how much of it. */
export interface Played {
  readonly replayer: Replayer
  readonly limiter: OfflineLimiter
  readonly files: readonly string[]
  readonly top: number
  readonly mask: boolean
}

export function summarise({ replayer, limiter, files, top, mask }: Played): ReplaySummary {
  const { requests, refused, clients, lines, unreadable, unreadableLines, late, mostLateMs } = replayer
  const refusedClients = [...clients].filter(([, record]) => record.refused > 0)
  const { unexpiredEvictions, overflowed } = limiter.stats()
  return {
    files,
    from: requests === 0 ? null : isoTime(replayer.firstMs),
    to: requests === 0 ? null : isoTime(replayer.lastMs),
    lines,
    requests,
    admitted: requests - refused,
    refused,
    clients: clients.size,
    refusedClients: refusedClients.length,
    classes: {
      read: classSummary('read', replayer, limiter),
      write: classSummary('write', replayer, limiter),
    },
    topClients: topClients(refusedClients, top, mask),
    busiestMinutes: busiestMinutes(replayer, top),
    unreadable,
    unreadableLines,
    lateLines: late,
    mostLateSec: mostLateMs / 1000,
    forwardedLines: replayer.forwarded,
    forgottenClients: unexpiredEvictions + overflowed,
  }
}

/** The peaks of all clients in a class. */
export function peaksOf(requestClass: RequestClass, { clients }: Replayer): PeakCount[] {
  const peaks: number[] = []
  for (const record of clients.values()) peaks.push(record.peak(requestClass))
  return countPeaks(peaks)
}

function classSummary(requestClass: RequestClass, replayer: Replayer, limiter: OfflineLimiter): ClassSummary {
  const { requests, refused } = replayer.classes[requestClass]
  const limit = limiter.limitOf(requestClass)
  const peaks = peaksOf(requestClass, replayer)
  const suggestions = SHARES.map((share) => limitFor(peaks, share))
  return {
    requests,
    admitted: requests - refused,
    refused,
    clients: peaks.reduce((sum, { clients }) => sum + clients, 0),
    refusedClients: limit === undefined ? 0 : clientsAbove(peaks, limit.burst),
    limit:
      limit === undefined
        ? null
        : {
            limit: limit.limit,
            windowSec: limit.windowMs / 1000,
            algorithm: limit.algorithm,
            burst: limit.burst,
          },
    suggestions: suggestions.filter((suggestion) => suggestion !== undefined),
  }
}

function topClients(
  refused: readonly (readonly [string, ClientRecord])[],
  top: number,
  mask: boolean,
): RefusedClient[] {
  return refused
    .toSorted(
      ([oneKey, one], [otherKey, other]) => other.refused - one.refused || (oneKey < otherKey ? -1 : 1),
    )
    .slice(0, top)
    .map(([key, record]) => ({
      client: mask ? maskClient(key) : key,
      requests: record.requests,
      refused: record.refused,
      firstRefused: isoTime(record.firstRefusedMs),
      lastRefused: isoTime(record.lastRefusedMs),
    }))
}

function busiestMinutes({ minutes }: Replayer, top: number): ReplaySummary['busiestMinutes'] {
  return [...minutes]
    .filter(([, { refused }]) => refused > 0)
    .sort(([oneMinute, one], [otherMinute, other]) => other.refused - one.refused || oneMinute - otherMinute)
    .slice(0, top)
    .map(([minute, { requests, refused }]) => ({ minute: isoTime(minute * MINUTE_MS), requests, refused }))
}

function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString().replace('.000Z', 'Z')
}
