import type { AlgorithmResult } from '../../../../src/limits/algorithm.ts'
import type { AlgorithmState } from '../../../../src/limits/algorithms.ts'
import type { Ban, Decision, Receipt } from '../../../../src/limits/decision.ts'
import type { Charge } from '../../../../src/stores/store.ts'
import { type Client, type Plan, type SimpleReceipt, SimpleStore } from '../simple-store.ts'
import { type BrokenStore, broken } from './broken-store.ts'

type Outcomes = readonly AlgorithmResult<AlgorithmState>[]

class RefundsOneUnit extends SimpleStore {
  protected override giveBack(receipt: SimpleReceipt, client: Client): void {
    super.giveBack({ ...receipt, cost: 1 }, client)
  }
}

class RefundsTwice extends SimpleStore {
  override refund(receipt: Receipt): void {
    super.refund({ ...receipt })
  }
}

class RefundsBeyondTheLimit extends SimpleStore {
  readonly #extra = new Map<Client, number>()
  override refund(receipt: Receipt): void {
    const { client, cost } = receipt as SimpleReceipt
    if (this.spent.has(receipt)) this.#extra.set(client, (this.#extra.get(client) ?? 0) + cost)
    super.refund(receipt)
  }
  protected override ask(client: Client, charge: Charge, cost: number): Outcomes {
    const extra = this.#extra.get(client) ?? 0
    const limits = charge.limits.map((limit) => ({
      ...limit,
      limit: limit.limit + extra,
      burst: limit.burst + extra,
    }))
    return super.ask(client, { ...charge, limits }, cost)
  }
}

class RefundsAcrossAReset extends SimpleStore {
  override refund(receipt: Receipt): void {
    const { key } = receipt as SimpleReceipt
    this.giveBack(receipt as SimpleReceipt, this.clientOf(key))
  }
}

class ChargesThoseThatAdmit extends SimpleStore {
  protected override carryOut(plan: Plan): Decision | Promise<Decision> {
    const decision = super.carryOut(plan)
    plan.charge.limits.forEach(({ name }, index) => {
      const outcome = plan.asked[index]
      if (outcome?.allowed) plan.client.states.set(name, outcome.state)
    })
    return decision
  }
}

abstract class OtherWait extends SimpleStore {
  protected abstract waitOf(waitsMs: readonly number[]): number
  protected override decision(
    charge: Charge,
    asked: Outcomes,
    shown: Outcomes,
    ban: Ban | undefined,
  ): Decision {
    const decision = super.decision(charge, asked, shown, ban)
    const waitsMs = asked.map(({ retryAfterMs }) => retryAfterMs).filter((waitMs) => waitMs > 0)
    return waitsMs.length === 0 || ban !== undefined
      ? decision
      : { ...decision, retryAfterMs: this.waitOf(waitsMs) }
  }
}

class AsksForTheFirstWait extends OtherWait {
  protected override waitOf([first = 0]: readonly number[]): number {
    return first
  }
}

class AsksForTheShortestWait extends OtherWait {
  protected override waitOf(waitsMs: readonly number[]): number {
    return Math.min(...waitsMs)
  }
}

class HeedsTwoLimits extends SimpleStore {
  protected override ask(client: Client, charge: Charge, cost: number): Outcomes {
    return super
      .ask(client, charge, cost)
      .map((outcome, index) => (index < 2 ? outcome : { ...outcome, allowed: true, retryAfterMs: 0 }))
  }
}

class SaysRepeatByTheFirstLimit extends SimpleStore {
  protected override take(plan: Plan): Decision {
    const decision = super.take(plan)
    const { key, limits, cost } = plan.charge
    const [first] = this.ask(plan.client, { key, limits, cost }, cost)
    return first?.allowed === false ? { ...decision, repeatAfterMs: first.retryAfterMs } : decision
  }
}

class RefundsTheFirstLimit extends SimpleStore {
  protected override giveBack(receipt: SimpleReceipt, client: Client): void {
    super.giveBack({ ...receipt, limits: receipt.limits.slice(0, 1) }, client)
  }
}

const givesBack = 'gives back exactly what the receipt was written for'
const onlyOnce = 'honours a receipt once'
const neverMore = 'never leaves more than the limit, whatever is refunded'
const notAfterReset = 'does not honour a receipt of before a reset'
const allOrNone = 'charges none of several limits when one refuses'
const orderFree = 'decides the same in whatever order the limits stand'
const asIfAlone = 'counts each of several limits as if it were alone, and waits for the last that refuses'
const severalTrace = 'admits in a random trace what all of several limits admit, and nothing else'
const givesBackToAll = 'gives a charge back to all of several limits'

export const BROKEN_RECEIPTS_AND_LIMITS: readonly BrokenStore[] = [
  broken('refunds less than was taken', RefundsOneUnit, givesBack),
  broken('honours a receipt twice', RefundsTwice, onlyOnce),
  broken('refunds beyond the limit', RefundsBeyondTheLimit, neverMore),
  broken('refunds what was taken before a reset', RefundsAcrossAReset, notAfterReset),
  broken('charges those of several limits that admit', ChargesThoseThatAdmit, allOrNone),
  broken('asks to wait for the first that refuses', AsksForTheFirstWait, orderFree),
  broken('asks to wait for the shortest of several', AsksForTheShortestWait, asIfAlone, severalTrace),
  broken('says by the first limit when to repeat', SaysRepeatByTheFirstLimit, severalTrace),
  broken('heeds two limits and shows three', HeedsTwoLimits, severalTrace, orderFree),
  broken('refunds the first of several limits', RefundsTheFirstLimit, givesBackToAll),
]
