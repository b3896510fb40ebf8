import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { BanEvent, DecisionEvent, StoreCallEvent, StoreFailureEvent } from '../../events/channels.ts'
import type { LimiterDescription } from '../../limits/limiter-description.ts'
import type { LimiterTally } from './limiter-tally.ts'

/**
 * Who counts for a limiter. Held by the limiter's own description, and by nothing else of this file: a limiter that
 * nobody knows any more takes its tallies along.
 */
const talliesOf = new WeakMap<LimiterDescription, readonly LimiterTally[]>()
const NONE: readonly LimiterTally[] = []

/**
 * What is heard, by channel. One listener for all limiters: an event goes to whom it is for, and is not offered to
 * everybody.
 */
const LISTENERS: readonly (readonly [channel: string, (message: unknown) => void])[] = [
  [
    'express-tollgate:decision',
    (message) => {
      const event = message as DecisionEvent
      for (const tally of talliesOf.get(event.limiter) ?? NONE) tally.onDecision(event)
    },
  ],
  [
    'express-tollgate:store-call',
    (message) => {
      const event = message as StoreCallEvent
      for (const tally of talliesOf.get(event.limiter) ?? NONE) tally.onStoreCall(event)
    },
  ],
  [
    'express-tollgate:store-failure',
    (message) => {
      const event = message as StoreFailureEvent
      for (const tally of talliesOf.get(event.limiter) ?? NONE) tally.onStoreFailure(event)
    },
  ],
  [
    'express-tollgate:ban',
    (message) => {
      const event = message as BanEvent
      for (const tally of talliesOf.get(event.limiter) ?? NONE) tally.onBan(event)
    },
  ],
]

let listeningTallies = 0

function begin(): void {
  listeningTallies++
  if (listeningTallies === 1) for (const [channel, listener] of LISTENERS) subscribe(channel, listener)
}

function end(): void {
  listeningTallies--
  if (listeningTallies === 0) for (const [channel, listener] of LISTENERS) unsubscribe(channel, listener)
}

/** A tally that was collected with its limiter hears nothing: nobody need make events on its account. */
const collected = new FinalizationRegistry<undefined>(end)

/** Lets a tally hear of its limiter from now on. */
export function listen(tally: LimiterTally): void {
  talliesOf.set(tally.description, [...(talliesOf.get(tally.description) ?? NONE), tally])
  collected.register(tally, undefined, tally)
  begin()
}

/** Lets a tally that listens hear no more. */
export function stopListening(tally: LimiterTally): void {
  const others = (talliesOf.get(tally.description) ?? NONE).filter((one) => one !== tally)
  talliesOf.set(tally.description, others)
  collected.unregister(tally)
  end()
}
