import type { AlgorithmResult } from '../../../../src/limits/algorithm.ts'
import type { AlgorithmState } from '../../../../src/limits/algorithms.ts'
import type { Ban, Decision, Receipt } from '../../../../src/limits/decision.ts'
import type { Limit } from '../../../../src/limits/limit.ts'
import type { Charge } from '../../../../src/stores/store.ts'
import type { FakeClock } from '../../../../src/tools/testing/index.ts'
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

class CountsRefusals extends SimpleStore {
  readonly #refusals = new Map<Client, number>()
  protected override execute(plan: Plan): Decision | Promise<Decision> {
    const { client, results } = plan
    if (!results.every(({ allowed }) => allowed)) {
      this.#refusals.set(client, (this.#refusals.get(client) ?? 0) + 1)
    }
    return super.execute(plan)
  }
  protected override change(receipt: SimpleReceipt, client: Client, cost: number): void {
    const refusals = this.#refusals.get(client) ?? 0
    if (refusals === 0) super.change(receipt, client, cost)
    else this.#refusals.set(client, refusals - 1)
  }
}

class RefundsAcrossAReset extends SimpleStore {
  override settle(receipt: Receipt, cost: number): number {
    const { key } = receipt as SimpleReceipt
    this.change(receipt as SimpleReceipt, this.clientOf(key), cost)
    return cost
  }
}

/** A store that settles to another cost than it is given. */
function settlingTo(
  change: (cost: number, receipt: SimpleReceipt) => number,
): new (
  clock: FakeClock,
) => SimpleStore {
  return class extends SimpleStore {
    protected override change(receipt: SimpleReceipt, client: Client, cost: number): void {
      super.change(receipt, client, change(cost, receipt))
    }
  }
}

/** A store with other limits when it settles. */
function settlingWith(change: (limit: Limit) => Limit): new (clock: FakeClock) => SimpleStore {
  return class extends SimpleStore {
    protected override change(receipt: SimpleReceipt, client: Client, cost: number): void {
      super.change({ ...receipt, limits: receipt.limits.map(change) }, client, cost)
    }
  }
}

class SettlesOnce extends SimpleStore {
  readonly #settled = new Set<Receipt>()
  override settle(receipt: Receipt, cost: number): number {
    if (this.#settled.has(receipt)) return cost
    this.#settled.add(receipt)
    return super.settle(receipt, cost)
  }
}

class SettlesAfterARefund extends SimpleStore {
  override settle(receipt: Receipt, cost: number): number {
    this.finalReceipts.delete(receipt)
    if (cost > 0 && (receipt as SimpleReceipt).records.values().next().value?.[0] === 0) return cost
    return super.settle(receipt, cost)
  }
}

class SettlesAfterTheWindow extends SimpleStore {
  override settle(receipt: Receipt, cost: number): number {
    const { limits, records, client } = receipt as SimpleReceipt
    for (const limit of limits) {
      const state = client.states.get(this.counterOf(limit))
      const [units = 0] = records.get(this.counterOf(limit)) ?? []
      if (state === undefined) continue
      const record = this.algorithm(limit).recordOf(state, this.clock.now(), limit, units)
      records.set(this.counterOf(limit), record)
    }
    return super.settle(receipt, cost)
  }
}

class AnswersTheCost extends SimpleStore {
  override settle(receipt: Receipt, cost: number): number {
    super.settle(receipt, cost)
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
const refundsAfterRefusals =
  'settle() to 0 gives back a charge also after refusals, because they took nothing'
const notAfterReset = 'settle() to 0 ignores the receipt of a charge that a reset() has forgotten'
const givesBackTheRest = 'settle() to less gives back exactly the difference, and answers what is recorded'
const takesMore = 'settle() to more takes also what is not left, and the client waits for it'
const neverMoreThanTheDebt = 'settle() takes no more than leads to a debt of maxDebt units'
const lastValueWins = 'the last of several settlements of a charge is valid'
const lateChangesNothing = 'settle() changes no window after that of the charge'
const besideAnotherWindow = 'a charge on windows of several lengths takes units from all of them or from none'
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
  broken('counts refusals too', CountsRefusals, refundsAfterRefusals),
  broken('refunds a charge from before a reset', RefundsAcrossAReset, notAfterReset),
  broken(
    'gives nothing back unless all is given back',
    settlingTo((cost, receipt) => (cost > 0 && cost < receipt.cost ? receipt.cost : cost)),
    givesBackTheRest,
  ),
  broken(
    'takes nothing more',
    settlingTo((cost, receipt) => Math.min(cost, receipt.cost)),
    takesMore,
  ),
  broken(
    'takes no more than is left',
    settlingWith((limit) => ({ ...limit, maxDebt: 0 })),
    takesMore,
    neverMoreThanTheDebt,
  ),
  broken(
    'lets clients owe any number of units',
    settlingWith((limit) => ({ ...limit, maxDebt: 100_000 })),
    neverMoreThanTheDebt,
  ),
  broken('settles a charge once', SettlesOnce, lastValueWins),
  broken('answers another value after a refund', SettlesAfterARefund, lastValueWins),
  broken('settles a charge of an earlier window', SettlesAfterTheWindow, lateChangesNothing),
  broken('answers what it was asked to record', AnswersTheCost, neverMoreThanTheDebt, lateChangesNothing),
  broken(
    'charges the limits that allow when another limit refuses',
    ChargesLimitsThatAllow,
    allOrNone,
    besideAnotherWindow,
  ),
  broken('shows the wait of the first limit that refuses', ShowsTheFirstWait, anyOrder),
  broken('shows the shortest wait of several limits', ShowsTheShortestWait, asIfAlone, severalTrace),
  broken('shows the repeatAfterMs of the first limit', ShowsRepeatOfTheFirstLimit, severalTrace),
  broken('applies two limits and shows three', AppliesTwoLimits, severalTrace, anyOrder),
  broken('refunds only the first of several limits', RefundsTheFirstLimit, refundsAll),
]
