import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { onTestFinished } from 'vitest'
import type {
  BanEvent,
  CircuitEvent,
  DecisionEvent,
  EvictionEvent,
  StoreCallEvent,
  StoreFailureEvent,
} from '../../src/events/channels.ts'

/** What is published on each channel. */
export interface EventsByChannel {
  readonly decision: DecisionEvent
  readonly 'store-call': StoreCallEvent
  readonly 'store-failure': StoreFailureEvent
  readonly circuit: CircuitEvent
  readonly ban: BanEvent
  readonly eviction: EvictionEvent
}

/** All that is published on a channel from now until the test ends, as an operator's own code would get it. */
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
