import type { AlgorithmResult } from '../../../../src/limits/algorithm.ts'
import type { AlgorithmState } from '../../../../src/limits/algorithms.ts'
import type { Ban, Decision, Receipt } from '../../../../src/limits/decision.ts'
import type { Charge } from '../../../../src/stores/store.ts'
import { type Client, type Plan, type SimpleReceipt, SimpleStore } from '../simple-store.ts'
import { type BrokenStore, broken } from './broken-store.ts'

type Results = readonly AlgorithmResult<AlgorithmState>[]

class RefundsOneUnit extends SimpleStore {
  protected override change(receipt: SimpleReceipt, client: Client, cost: number): void {
    super.change(receipt, client, Math.max(cost, receipt.cost - 1))
  }
}

class RefundsTwice extends SimpleStore {
  override settle(receipt: Receipt, cost: number): number {
    const { records, ...rest } = receipt as SimpleReceipt
    return super.settle({ ...rest, records: new Map(records) }, cost)
  }
}

class RefundsBeyondTheLimit extends SimpleStore {
  readonly #extra = new Map<Client, number>()
  override settle(receipt: Receipt, settledCost: number): number {
    const { client, cost } = receipt as SimpleReceipt
    if (this.finalReceipts.has(receipt)) this.#extra.set(client, (this.#extra.get(client) ?? 0) + cost)
    return super.settle(receipt, settledCost)
  }
  protected override calculate(client: Client, charge: Charge, cost: number): Results {
    const extra = this.#extra.get(client) ?? 0
    const limits = charge.limits.map((limit) => ({
      ...limit,
      limit: limit.limit + extra,
      burst: limit.burst + extra,
    }))
    return super.calculate(client, { ...charge, limits }, cost)
  }
}

class RefundsAcrossAReset extends SimpleStore {
  override settle(receipt: Receipt, cost: number): number {
    const { key } = receipt as SimpleReceipt
    this.change(receipt as SimpleReceipt, this.clientOf(key), cost)
    return cost
  }
}

class ChargesLimitsThatAllow extends SimpleStore {
  protected override execute(plan: Plan): Decision | Promise<Decision> {
    const decision = super.execute(plan)
    plan.charge.limits.forEach((limit, index) => {
      const result = plan.results[index]
      if (result?.allowed) plan.client.states.set(this.counterOf(limit), result.state)
    })
    return decision
  }
}

abstract class ShowsOtherWait extends SimpleStore {
  protected abstract waitOf(waitsMs: readonly number[]): number
  protected override decision(
    charge: Charge,
    results: Results,
    shown: Results,
    ban: Ban | undefined,
  ): Decision {
    const decision = super.decision(charge, results, shown, ban)
    const waitsMs = results.map(({ retryAfterMs }) => retryAfterMs).filter((waitMs) => waitMs > 0)
    return waitsMs.length === 0 || ban !== undefined
      ? decision
      : { ...decision, retryAfterMs: this.waitOf(waitsMs) }
  }
}

class ShowsTheFirstWait extends ShowsOtherWait {
  protected override waitOf([first = 0]: readonly number[]): number {
    return first
  }
}

class ShowsTheShortestWait extends ShowsOtherWait {
  protected override waitOf(waitsMs: readonly number[]): number {
    return Math.min(...waitsMs)
  }
}

class AppliesTwoLimits extends SimpleStore {
  protected override calculate(client: Client, charge: Charge, cost: number): Results {
    return super
      .calculate(client, charge, cost)
      .map((result, index) => (index < 2 ? result : { ...result, allowed: true, retryAfterMs: 0 }))
  }
}

class ShowsRepeatOfTheFirstLimit extends SimpleStore {
  protected override take(plan: Plan): Decision {
    const decision = super.take(plan)
    const { key, limits, cost } = plan.charge
    const [first] = this.calculate(plan.client, { key, limits, cost }, cost)
    return first?.allowed === false ? { ...decision, repeatAfterMs: first.retryAfterMs } : decision
  }
}

class RefundsTheFirstLimit extends SimpleStore {
  protected override change(receipt: SimpleReceipt, client: Client, cost: number): void {
    super.change({ ...receipt, limits: receipt.limits.slice(0, 1) }, client, cost)
  }
}

const refundsTheCharge = 'settle() to 0 gives back exactly the units of the charge'
const refundsOnce = 'settle() to 0 gives back a charge only once'
const neverAboveTheLimit = 'settle() to 0 never leaves a client with more units than the limit'
const notAfterReset = 'settle() to 0 ignores the receipt of a charge that a reset() has forgotten'
const allOrNone = 'a charge that one of several limits refuses takes nothing from any of them'
const anyOrder = 'the order of several limits does not change the decision'
const asIfAlone =
  'each of several limits counts as if it were the only one, and retryAfterMs is the longest wait'
const severalTrace = 'in a random trace, a charge is allowed exactly when all of several limits allow it'
const refundsAll = 'settle() to 0 gives a charge back to all of several limits'

export const BROKEN_RECEIPTS_AND_LIMITS: readonly BrokenStore[] = [
  broken('refunds less than the charge took', RefundsOneUnit, refundsTheCharge),
  broken('refunds a charge twice', RefundsTwice, refundsOnce),
  broken('refunds beyond the limit', RefundsBeyondTheLimit, neverAboveTheLimit),
  broken('refunds a charge from before a reset', RefundsAcrossAReset, notAfterReset),
  broken('charges the limits that allow when another limit refuses', ChargesLimitsThatAllow, allOrNone),
  broken('shows the wait of the first limit that refuses', ShowsTheFirstWait, anyOrder),
  broken('shows the shortest wait of several limits', ShowsTheShortestWait, asIfAlone, severalTrace),
  broken('shows the repeatAfterMs of the first limit', ShowsRepeatOfTheFirstLimit, severalTrace),
  broken('applies two limits and shows three', AppliesTwoLimits, severalTrace, anyOrder),
  broken('refunds only the first of several limits', RefundsTheFirstLimit, refundsAll),
]
