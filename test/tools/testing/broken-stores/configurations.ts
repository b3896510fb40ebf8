import type { Decision } from '../../../../src/limits/decision.ts'
import type { Limit } from '../../../../src/limits/limit.ts'
import type { Charge } from '../../../../src/stores/store.ts'
import { type Client, type Plan, type SimpleReceipt, SimpleStore } from '../simple-store.ts'
import { type BrokenStore, broken } from './broken-store.ts'

class KeepsTheLimitsOfTheLastCharge extends SimpleStore {
  protected override take(plan: Plan): Decision {
    const charged = plan.charge.limits.map((limit) => this.counterOf(limit))
    for (const counter of plan.client.states.keys()) {
      if (!charged.includes(counter)) plan.client.states.delete(counter)
    }
    return super.take(plan)
  }
}

class IdentifiesLimitsByNameAndAlgorithm extends SimpleStore {
  protected override counterOf({ name, algorithm }: Limit): string {
    return `${name} ${algorithm}`
  }
}

class IdentifiesLimitsByTheirAmount extends SimpleStore {
  protected override counterOf(limit: Limit): string {
    return `${super.counterOf(limit)} ${limit.limit}`
  }
}

class RefundsTheLimitsOfTheLastChargeOnly extends SimpleStore {
  #lastLimits: readonly Limit[] = []
  protected override take(plan: Plan): Decision {
    this.#lastLimits = plan.charge.limits
    return super.take(plan)
  }
  protected override change(receipt: SimpleReceipt, client: Client, cost: number): void {
    if (receipt.limits === this.#lastLimits) super.change(receipt, client, cost)
  }
}

class BansForTheFirstChargedLimitsOnly extends SimpleStore {
  readonly #first = new Map<Client, string>()
  protected override plan(charge: Charge): Plan {
    const plan = super.plan(charge)
    const [limit] = charge.limits
    const counter = limit === undefined ? '' : this.counterOf(limit)
    const first = this.#first.get(plan.client) ?? counter
    this.#first.set(plan.client, first)
    return first === counter ? plan : { ...plan, ban: undefined }
  }
}

const forgetsNothing = 'a charge forgets nothing that limits with another algorithm or window have counted'
const takesNothingOver = 'a limit does not count what limits with another algorithm or window have counted'
const keepsItsCount = 'a limit keeps its count, at most its new amount, when its amount changes'
const refundsItsOwn =
  'settle() to 0 gives back the charge of its own limit when other limits have charged the key since'
const banHoldsForAll = 'a ban holds for limits with another algorithm or window too'

export const BROKEN_CONFIGURATIONS: readonly BrokenStore[] = [
  broken('keeps only the limits of the last charge', KeepsTheLimitsOfTheLastCharge, forgetsNothing),
  broken('takes the count of another window over', IdentifiesLimitsByNameAndAlgorithm, takesNothingOver),
  broken('counts anew when the amount of a limit changes', IdentifiesLimitsByTheirAmount, keepsItsCount),
  broken('refunds only the limits of the last charge', RefundsTheLimitsOfTheLastChargeOnly, refundsItsOwn),
  broken(
    'bans a client for the limits that have banned it only',
    BansForTheFirstChargedLimitsOnly,
    banHoldsForAll,
  ),
]
