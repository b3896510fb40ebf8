/*
 * Twin: src/stores/redis/scripts/ban.lua
 */
import type { NumberSink, NumberSource } from './algorithm.ts'
import type { Limit } from './limit.ts'
import { rewindSlices, type SlidingWindowState } from './slices.ts'
import { slidingWindow } from './sliding-window.ts'

/** When a client is banned because it was refused too often, compiled. */
export interface BanRule {
  /**
   * How many refusals in which time lead to a ban: a sliding window that counts refusals. The refusal that
   * reaches `refusals.limit` starts the ban.
   *
   * A client that is refused `limit` times in `windowMs` is always banned. A client that takes up to an
   * eighth of `windowMs` longer for these refusals can be banned too.
   */
  readonly refusals: Limit
  /** How long a ban lasts, in milliseconds. */
  readonly forMs: number
}

/** What a store remembers of a client for its ban: either the refusals before a ban, or the ban itself. */
export interface BanState {
  /** The refusals so far. Absent during a ban. */
  readonly refusals?: SlidingWindowState
  /** The start of the ban, in milliseconds. Absent without a ban. */
  readonly sinceMs?: number
  /** The end of the ban, in milliseconds. Absent without a ban. */
  readonly untilMs?: number
}

/** Milliseconds until the client's ban ends. 0 if the client is not banned. */
export function banEndsInMs(state: BanState | undefined, nowMs: number): number {
  return state?.untilMs === undefined ? 0 : Math.max(0, state.untilMs - nowMs)
}

/** The state of a client whose ban starts now. */
export function banned(nowMs: number, forMs: number): BanState {
  return { sinceMs: nowMs, untilMs: nowMs + forMs }
}

/** The state of a client that was not banned, after one more refusal. This refusal can start a ban. */
export function withRefusal(
  state: BanState | undefined,
  nowMs: number,
  { refusals, forMs }: BanRule,
): BanState {
  const counted = slidingWindow.charge(state?.refusals, nowMs, refusals, 1)
  return counted.remaining === 0 ? banned(nowMs, forMs) : { refusals: counted.state }
}

/**
 * The state as it is now. Returns undefined for a ban that has ended. If the clock was set back to before the
 * start of a ban, the ban starts again now, so that it does not last longer than its full time.
 */
export function banAt(state: BanState, nowMs: number): BanState | undefined {
  const { refusals, sinceMs, untilMs } = state
  if (refusals !== undefined) {
    const rewound = rewindSlices(refusals, nowMs)
    return rewound === refusals ? state : { refusals: rewound }
  }
  if (sinceMs === undefined || untilMs === undefined || untilMs <= nowMs) return undefined
  return sinceMs > nowMs ? banned(nowMs, untilMs - sinceMs) : state
}

/** Writes a ban, or the refusals before a ban, as numbers. */
export function writeBan({ refusals, sinceMs, untilMs }: BanState, sink: NumberSink): void {
  if (refusals !== undefined) {
    slidingWindow.write(refusals, sink)
  } else {
    sink.instant(sinceMs ?? 0)
    sink.instant(untilMs ?? 0)
  }
}

/** Reads the state that {@link writeBan} wrote. */
export function readBan(source: NumberSource, isBan: boolean): BanState {
  if (isBan) return { sinceMs: source.instant(), untilMs: source.instant() }
  return { refusals: slidingWindow.read(source) }
}
