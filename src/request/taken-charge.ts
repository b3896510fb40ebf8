import { type SettlementEvent, settlementChannel } from '../events/channels.ts'
import type { Receipt } from '../limits/decision.ts'
import type { LimiterDescription } from '../limits/limiter-description.ts'
import type { ResilientStore } from '../stores/resilience/resilient-store.ts'

/** A charge that was taken, and that can be settled. */
export interface TakenCharge {
  /** One receipt; two where a method override made the request count in both classes. */
  readonly receipts: readonly Receipt[]
  readonly key: string
  readonly class: SettlementEvent['class']
  readonly plan: SettlementEvent['plan']
  /** The units that are recorded for the charge now. */
  recorded: number
}

/** Where charges are settled, and what events say about the limiter. */
export interface Settler {
  readonly store: ResilientStore
  readonly description: LimiterDescription
}

/** Settles a charge, and publishes it. Returns the units recorded now; of several receipts, the most. */
export async function settleCharge(
  taken: TakenCharge,
  cost: number,
  { store, description }: Settler,
): Promise<number> {
  const recorded = Math.max(
    ...(await Promise.all(taken.receipts.map((receipt) => store.settle(receipt, cost)))),
  )
  const recordedBefore = taken.recorded
  taken.recorded = recorded
  if (settlementChannel.hasSubscribers) {
    const { key, class: requestClass, plan } = taken
    settlementChannel.publish({
      limiter: description,
      key,
      class: requestClass,
      plan,
      recordedBefore,
      recorded,
    })
  }
  return recorded
}

/** Gives a charge back in the background: the response has been sent, and nobody waits for the refund. */
export function refundCharge(taken: TakenCharge, settler: Settler): void {
  settleCharge(taken, 0, settler).catch((error: unknown) => settler.store.refundFailed(error))
}
