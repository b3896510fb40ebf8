import type { NumberSink, NumberSource } from './algorithm.ts'
import type { Limit } from './limit.ts'
import { rewindSlices, type SlidingWindowState, slidingWindow } from './sliding-window.ts'

/** When a client that goes on knocking is refused outright, compiled. */
export interface BanRule {
  /**
   * How many refusals, in how long, are too many: a sliding window of refusals, of which the last one makes
   * the ban. Of a client that is refused so often in `windowMs` none escapes; one that takes up to an eighth
   * longer for it can be caught too.
   */
  readonly refusals: Limit
  /** How long a ban lasts, in milliseconds. */
  readonly forMs: number
}

/** What is remembered of a client for its ban: refusals that may lead to one, or the ban itself. */
export interface BanState {
  /** Refusals so far; absent during a ban. */
  readonly refusals?: SlidingWindowState
  /** When the ban began, in milliseconds, and when it ends; absent where there is none. */
  readonly sinceMs?: number
  readonly untilMs?: number
}

/** Milliseconds until the client's ban ends; 0 when it is not banned. */
export function banEndsInMs(state: BanState | undefined, nowMs: number): number {
  return state?.untilMs === undefined ? 0 : Math.max(0, state.untilMs - nowMs)
}

/** The state of a client that is banned from now on. */
export function banned(nowMs: number, forMs: number): BanState {
  return { sinceMs: nowMs, untilMs: nowMs + forMs }
}

/** The state after one refusal more, of a client that is not banned: it may be now. */
export function withRefusal(
  state: BanState | undefined,
  nowMs: number,
  { refusals, forMs }: BanRule,
): BanState {
  const counted = slidingWindow.charge(state?.refusals, nowMs, refusals, 1)
  return counted.remaining === 0 ? banned(nowMs, forMs) : { refusals: counted.state }
}

/**
 * What there is of the state now: a ban that is over is forgotten, and on a clock that was set back a ban
 * begins anew, and so lasts no longer than ever.
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

/** Takes a ban, or the refusals that may lead to one, down as numbers. */
export function writeBan({ refusals, sinceMs, untilMs }: BanState, sink: NumberSink): void {
  if (refusals !== undefined) {
    slidingWindow.write(refusals, sink)
  } else {
    sink.instant(sinceMs ?? 0)
    sink.instant(untilMs ?? 0)
  }
}

/** What {@link writeBan} took down. */
export function readBan(source: NumberSource, isBan: boolean): BanState {
  if (isBan) return { sinceMs: source.instant(), untilMs: source.instant() }
  return { refusals: slidingWindow.read(source) }
}
