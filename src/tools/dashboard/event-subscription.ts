import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { type BanEvent, CHANNEL_NAMES, type DecisionEvent } from '../../events/channels.ts'
import type { LimiterDescription } from '../../limits/limiter-description.ts'
import type { LimiterWatch } from './limiter-watch.ts'

/**
 * Passes the events of each limiter to its watch. Subscribes by the names of the channels, because a limiter
 * of another copy of this library (CommonJS beside ESM) publishes on channels of the same names.
 *
 * @returns a function that ends the subscription
 */
export function subscribeToEvents(watches: ReadonlyMap<LimiterDescription, LimiterWatch>): () => void {
  const onDecision = (message: unknown): void => {
    const event = message as DecisionEvent
    watches.get(event.limiter)?.recordDecision(event)
  }
  const onBan = (message: unknown): void => {
    const event = message as BanEvent
    watches.get(event.limiter)?.recordBan(event)
  }
  subscribe(CHANNEL_NAMES.decision, onDecision)
  subscribe(CHANNEL_NAMES.ban, onBan)
  return () => {
    unsubscribe(CHANNEL_NAMES.decision, onDecision)
    unsubscribe(CHANNEL_NAMES.ban, onBan)
  }
}
