import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { BanEvent, DecisionEvent } from '../../events/channels.ts'
import type { LimiterDescription } from '../../limits/limiter-description.ts'
import type { LimiterWatch } from './limiter-watch.ts'

const DECISIONS = 'express-tollgate:decision'
const BANS = 'express-tollgate:ban'

/**
 * Hands the events of each limiter to its watch. By the names of the channels: a limiter of another copy of this
 * library (CommonJS beside ESM, say) publishes on the same ones.
 *
 * @returns what ends it
 */
export function watchEvents(watches: ReadonlyMap<LimiterDescription, LimiterWatch>): () => void {
  const onDecision = (message: unknown): void => {
    const event = message as DecisionEvent
    watches.get(event.limiter)?.decided(event)
  }
  const onBan = (message: unknown): void => {
    const event = message as BanEvent
    watches.get(event.limiter)?.banned(event)
  }
  subscribe(DECISIONS, onDecision)
  subscribe(BANS, onBan)
  return () => {
    unsubscribe(DECISIONS, onDecision)
    unsubscribe(BANS, onBan)
  }
}
