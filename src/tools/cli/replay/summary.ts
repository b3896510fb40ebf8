import { maskedAddress } from '../../../client/masked-address.ts'
import { type CalendarParts, calendarParts } from '../../../limits/calendar.ts'
import type { Limit } from '../../../limits/limit.ts'
import type { RequestClass } from '../../../limits/request-class.ts'
import type { ClientRecord } from './client-record.ts'
import type { OfflineLimiter } from './offline-limiter.ts'
import { MINUTE_MS, type Replayer, type UnreadableLine } from './replayer.ts'
import {
  clientsAbove,
  countByUsage,
  REFUSED_SHARES,
  type SuggestedLimit,
  suggestLimit,
  type UsageCount,
} from './suggested-limits.ts'

/** A limit in a {@link ReplaySummary}. */
export interface LimitSummary {
  readonly limit: number
  readonly windowSec: number
  /** Of calendar windows. Then `windowSec` is the longest that a window can be. */
  readonly calendar?: CalendarParts
  readonly algorithm: Limit['algorithm']
  readonly burst: number
}

/** What one of several limits would have refused. */
export interface ComparedLimitSummary {
  /** Null for no limit. */
  readonly limit: LimitSummary | null
  readonly refused: number
  /** Clients with at least one refused request. */
  readonly refusedClients: number
}

/** One class of requests in a {@link ReplaySummary}. */
export interface ClassSummary {
  readonly requests: number
  readonly allowed: number
  readonly refused: number
  readonly clients: number
  /** Clients with at least one refused request. */
  readonly refusedClients: number
  /** The limit that the replay used, the first of several; null where the class has none. */
  readonly limit: LimitSummary | null
  /** What each of several limits would have refused; empty where the class has one limit or none. */
  readonly compared: readonly ComparedLimitSummary[]
  /**
   * Limits that would refuse at most a share of the clients. For a token bucket they are values of `burst`.
   */
  readonly suggestions: readonly SuggestedLimit[]
}

/** A client with refused requests. Times are ISO 8601, in UTC, here and below. */
export interface RefusedClient {
  readonly client: string
  readonly requests: number
  readonly refused: number
  readonly firstRefused: string
  readonly lastRefused: string
}

/** The result of a replay, as `--json` prints it. Versions may add keys, and rename none. */
export interface ReplaySummary {
  readonly files: readonly string[]
  /** The time of the first request; null where there is none. */
  readonly from: string | null
  /** The time of the last request. */
  readonly to: string | null
  readonly lines: number
  readonly requests: number
  readonly allowed: number
  readonly refused: number
  readonly clients: number
  readonly refusedClients: number
  /** `read` and `write`, or `any` where one limit serves all methods. */
  readonly classes: Readonly<Partial<Record<RequestClass, ClassSummary>>>
  /** The clients with the most refusals, at most `--top` of them. */
  readonly topClients: readonly RefusedClient[]
  /** The minutes with the most refusals, at most `--top` of them. */
  readonly busiestMinutes: readonly {
    readonly minute: string
    readonly requests: number
    readonly refused: number
  }[]
  /** The number of lines that hold no request. */
  readonly unreadable: number
  /** The first of these lines. */
  readonly unreadableLines: readonly UnreadableLine[]
  /** Lines that are earlier than a line before them. They are counted at the latest time so far. */
  readonly lateLines: number
  /** How much earlier, at most. */
  readonly mostLateSec: number
  /** Lines that have X-Forwarded-For. */
  readonly forwardedLines: number
  /** Clients for which the memory store had no room; 0 below a million clients. */
  readonly forgottenClients: number
}

export interface SummaryOptions {
  readonly replayer: Replayer
  readonly limiter: OfflineLimiter
  readonly files: readonly string[]
  /** How many refused clients, and how many minutes, are listed. */
  readonly top: number
  /** Whether the addresses of listed clients are masked. */
  readonly mask: boolean
}

export function summarise({ replayer, limiter, files, top, mask }: SummaryOptions): ReplaySummary {
  const { requests, refused, clients, lines, unreadable, unreadableLines, lateLines, mostLateMs } = replayer
  const refusedClients = [...clients].filter(([, record]) => record.refused > 0)
  const { unexpiredEvictions, overflowed } = limiter.stats()
  return {
    files,
    from: requests === 0 ? null : isoTime(replayer.firstMs),
    to: requests === 0 ? null : isoTime(replayer.lastMs),
    lines,
    requests,
    allowed: requests - refused,
    refused,
    clients: clients.size,
    refusedClients: refusedClients.length,
    classes: Object.fromEntries(limiter.classes.map((one) => [one, classSummary(one, replayer, limiter)])),
    topClients: topClients(refusedClients, top, mask),
    busiestMinutes: busiestMinutes(replayer, top),
    unreadable,
    unreadableLines,
    lateLines,
    mostLateSec: mostLateMs / 1000,
    forwardedLines: replayer.forwardedLines,
    forgottenClients: unexpiredEvictions + overflowed,
  }
}

/** The clients of a class by their highest usage. */
export function usageCounts(requestClass: RequestClass, { clients }: Replayer): UsageCount[] {
  const highestUnits: number[] = []
  for (const record of clients.values()) highestUnits.push(record.highestUnits(requestClass))
  return countByUsage(highestUnits)
}

function classSummary(requestClass: RequestClass, replayer: Replayer, limiter: OfflineLimiter): ClassSummary {
  const { requests, refused } = replayer.classes.get(requestClass) ?? { requests: 0, refused: 0 }
  const limit = limiter.limitOf(requestClass)
  const counts = usageCounts(requestClass, replayer)
  const suggestions = REFUSED_SHARES.map((share) => suggestLimit(counts, share))
  return {
    requests,
    allowed: requests - refused,
    refused,
    clients: counts.reduce((sum, { clients }) => sum + clients, 0),
    refusedClients: limit === undefined ? 0 : clientsAbove(counts, limit.burst),
    limit: limitSummary(limit),
    compared: replayer.compared
      .filter((one) => one.requestClass === requestClass)
      .map((one) => ({
        limit: limitSummary(one.limit),
        refused: one.refused,
        refusedClients: one.refusedClients,
      })),
    suggestions: suggestions.filter((suggestion) => suggestion !== undefined),
  }
}

function limitSummary(limit: Limit | undefined): LimitSummary | null {
  if (limit === undefined) return null
  return {
    limit: limit.limit,
    windowSec: limit.windowMs / 1000,
    ...(limit.calendar === undefined ? {} : { calendar: calendarParts(limit.calendar) }),
    algorithm: limit.algorithm,
    burst: limit.burst,
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
      client: mask ? (maskedAddress(key) ?? key) : key,
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
