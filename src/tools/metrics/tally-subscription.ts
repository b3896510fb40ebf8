import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import {
  type BanEvent,
  CHANNEL_NAMES,
  type DecisionEvent,
  type SettlementEvent,
  type StoreCallEvent,
  type StoreFailureEvent,
} from '../../events/channels.ts'
import type { LimiterDescription } from '../../limits/limiter-description.ts'
import type { LimiterTally } from './limiter-tally.ts'

/**
 * The tallies of each limiter. Only the description of the limiter keeps them alive, so the tallies of a
 * limiter that is no longer used are collected with it.
 */
const talliesOf = new WeakMap<LimiterDescription, readonly LimiterTally[]>()
const NONE: readonly LimiterTally[] = []

/**
 * One listener for each channel, for all limiters: an event is looked up by its limiter and is not offered to
 * every tally.
 */
const LISTENERS: readonly (readonly [channel: string, (message: unknown) => void])[] = [
  [
    CHANNEL_NAMES.decision,
    (message) => {
      const event = message as DecisionEvent
      for (const tally of talliesOf.get(event.limiter) ?? NONE) tally.onDecision(event)
    },
  ],
  [
    CHANNEL_NAMES.storeCall,
    (message) => {
      const event = message as StoreCallEvent
      for (const tally of talliesOf.get(event.limiter) ?? NONE) tally.onStoreCall(event)
    },
  ],
  [
    CHANNEL_NAMES.storeFailure,
    (message) => {
      const event = message as StoreFailureEvent
      for (const tally of talliesOf.get(event.limiter) ?? NONE) tally.onStoreFailure(event)
    },
  ],
  [
    CHANNEL_NAMES.ban,
    (message) => {
      const event = message as BanEvent
      for (const tally of talliesOf.get(event.limiter) ?? NONE) tally.onBan(event)
    },
  ],
  [
    CHANNEL_NAMES.settlement,
    (message) => {
      const event = message as SettlementEvent
      for (const tally of talliesOf.get(event.limiter) ?? NONE) tally.onSettlement(event)
    },
  ],
]

let subscribedTallies = 0

function addSubscriber(): void {
  subscribedTallies++
  if (subscribedTallies === 1) for (const [channel, listener] of LISTENERS) subscribe(channel, listener)
}

function removeSubscriber(): void {
  subscribedTallies--
  if (subscribedTallies === 0) for (const [channel, listener] of LISTENERS) unsubscribe(channel, listener)
}

/** A tally that was collected with its limiter needs no events. Without subscribers limiters make none. */
const collected = new FinalizationRegistry<undefined>(removeSubscriber)

/** From now on the tally receives the events of its limiter. */
export function subscribeTally(tally: LimiterTally): void {
  talliesOf.set(tally.description, [...(talliesOf.get(tally.description) ?? NONE), tally])
  collected.register(tally, undefined, tally)
  addSubscriber()
}

/** Ends the subscription of a tally. */
export function unsubscribeTally(tally: LimiterTally): void {
  const others = (talliesOf.get(tally.description) ?? NONE).filter((one) => one !== tally)
  talliesOf.set(tally.description, others)
  collected.unregister(tally)
  removeSubscriber()
}
