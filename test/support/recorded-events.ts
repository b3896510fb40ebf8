import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { onTestFinished } from 'vitest'
import type {
  BanEvent,
  CircuitEvent,
  DecisionEvent,
  EvictionEvent,
  SettlementEvent,
  StoreCallEvent,
  StoreFailureEvent,
} from '../../src/events/channels.ts'

/** The events by the channel on which they are published. */
export interface EventsByChannel {
  readonly decision: DecisionEvent
  readonly 'store-call': StoreCallEvent
  readonly 'store-failure': StoreFailureEvent
  readonly circuit: CircuitEvent
  readonly ban: BanEvent
  readonly eviction: EvictionEvent
  readonly settlement: SettlementEvent
}

/**
 * All events of a channel from now until the test ends. The channel is given by the name that users subscribe
 * to, and not by the constants of the source, so that the tests notice a change of a name.
 */
export function recorded<Name extends keyof EventsByChannel>(name: Name): EventsByChannel[Name][] {
  const events: EventsByChannel[Name][] = []
  const listener = (event: unknown): void => {
    events.push(event as EventsByChannel[Name])
  }
  subscribe(`express-tollgate:${name}`, listener)
  onTestFinished(() => {
    unsubscribe(`express-tollgate:${name}`, listener)
  })
  return events
}
