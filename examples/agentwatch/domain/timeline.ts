import { type AgentEvent, inOrder } from './event.ts'

/** One event of a playback. */
export interface Frame {
  /** When to show the event, in milliseconds after the first one. */
  readonly offsetMs: number
  readonly event: AgentEvent
}

/** A session as a playback. */
export interface Timeline {
  readonly frames: readonly Frame[]
  readonly durationMs: number
}

/** The events of a session with the time at which to show each, `speed` times as fast as they happened. */
export function timelineOf(events: readonly AgentEvent[], speed: number): Timeline {
  const ordered = inOrder(events)
  const startMs = ordered[0]?.timeMs ?? 0
  const frames = ordered.map((event) => ({ offsetMs: Math.round((event.timeMs - startMs) / speed), event }))
  return { frames, durationMs: frames.at(-1)?.offsetMs ?? 0 }
}
