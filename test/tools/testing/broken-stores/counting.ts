import type { AlgorithmResult } from '../../../../src/limits/algorithm.ts'
import type { AlgorithmState } from '../../../../src/limits/algorithms.ts'
import type { Decision } from '../../../../src/limits/decision.ts'
import type { Charge } from '../../../../src/stores/store.ts'
import { type Client, type Plan, SimpleStore } from '../simple-store.ts'
import { type BrokenStore, broken } from './broken-store.ts'

type Outcomes = readonly AlgorithmResult<AlgorithmState>[]

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

class OneTooMany extends SimpleStore {
  protected override ask(client: Client, charge: Charge, cost: number): Outcomes {
    const limits = charge.limits.map((limit) => ({
      ...limit,
      limit: limit.limit + 1,
      burst: limit.burst + 1,
    }))
    return super
      .ask(client, { ...charge, limits }, cost)
      .map((outcome) => ({ ...outcome, remaining: Math.max(0, outcome.remaining - 1) }))
  }
}

class TakesPartOfACost extends SimpleStore {
  override consume(charge: Charge): Decision | Promise<Decision> {
    let decision = super.consume({ ...charge, cost: 1 })
    for (let unit = 1; unit < charge.cost; unit++) decision = super.consume({ ...charge, cost: 1 })
    return decision
  }
}

class CountsRefusals extends SimpleStore {
  protected override carryOut(plan: Plan): Decision | Promise<Decision> {
    const { charge, client, asked } = plan
    const left = Math.min(...this.ask(client, charge, 0).map(({ remaining }) => remaining))
    if (asked.some(({ allowed }) => !allowed)) this.take({ ...plan, asked: this.ask(client, charge, left) })
    return super.carryOut(plan)
  }
}

class RoundsWaitsToSeconds extends SimpleStore {
  override consume(charge: Charge): Decision {
    const decision = super.consume(charge) as Decision
    return { ...decision, retryAfterMs: Math.floor(decision.retryAfterMs / 1000) * 1000 }
  }
}

class SaysRepeatAtOnce extends SimpleStore {
  protected override take(plan: Plan): Decision {
    return { ...super.take(plan), repeatAfterMs: 1 }
  }
}

export class PausesBetweenReadAndWrite extends SimpleStore {
  override async consume(charge: Charge): Promise<Decision> {
    const plan = this.plan(charge)
    await nextTurn()
    return this.carryOut(plan)
  }
}

class KnockingProlongs extends SimpleStore {
  protected override carryOut(plan: Plan): Decision | Promise<Decision> {
    const { charge, client, asked } = plan
    const decision = super.carryOut(plan)
    if (asked.every(({ allowed }) => allowed)) return decision
    for (const limit of charge.limits) {
      const anew = this.algorithm(limit).charge(undefined, this.clock.now(), limit, limit.burst)
      client.states.set(limit.name, anew.state)
    }
    return decision
  }
}

class LiveCounter extends SimpleStore {
  readonly #states = new Map<string, Decision['limits'][number]>()
  override consume(charge: Charge): Decision {
    const decision = super.consume(charge) as Decision
    const limits = decision.limits.map((state) => {
      const live = Object.assign(this.#states.get(`${charge.key} ${state.name}`) ?? {}, state)
      this.#states.set(`${charge.key} ${state.name}`, live)
      return live
    })
    return { ...decision, limits }
  }
}

class PeekTakes extends SimpleStore {
  override peek(charge: Charge): Decision {
    return super.consume(charge) as Decision
  }
}

class TakesZeroForNoTime extends SimpleStore {
  protected override plan(charge: Charge): Plan {
    if (this.clock.now() === 0) this.clients.clear()
    return super.plan(charge)
  }
}

class LocksOutWhenTheClockGoesBack extends SimpleStore {
  protected override rewind(): void {
    // Keeps everything where it was, an hour ahead.
  }
}

class NewQuotaWhenTheClockGoesBack extends SimpleStore {
  #lastMs = 0
  protected override rewind(client: Client): void {
    if (this.clock.now() < this.#lastMs) client.states.clear()
    this.#lastMs = this.clock.now()
  }
}

class RewindsOnlyWhatIsAdmitted extends SimpleStore {
  protected override plan(charge: Charge): Plan {
    const before = new Map(this.clientOf(charge.key).states)
    const plan = super.plan(charge)
    for (const [name, state] of before) plan.client.states.set(name, state)
    return plan
  }
}

class ForgetsBeyondAMonth extends SimpleStore {
  protected override plan(charge: Charge): Plan {
    // As a timer of more than 2^31 - 1 ms does: it fires at once.
    if (charge.limits.some(({ windowMs }) => windowMs > 2 ** 31 - 1)) this.clients.clear()
    return super.plan(charge)
  }
}

class CountsInTicksOfTenMs extends SimpleStore {
  protected override ask(client: Client, charge: Charge, cost: number): Outcomes {
    const limits = charge.limits.map((limit) => ({ ...limit, windowMs: Math.max(10, limit.windowMs) }))
    return super.ask(client, { ...charge, limits }, cost)
  }
}

const firstAdmitted = 'admits the first L units and refuses the next'
const costWhole = 'takes a cost whole or not at all'
const promise = 'keeps its promise: refused until retryAfterMs, admitted at it'
const repeat = 'says rightly when an admitted charge could be repeated, where it says so'
const parallel = 'admits exactly min(N, L) of N charges in parallel'
const knocking = 'takes nothing on a refusal: knocking does not prolong the wait'
const fresh = 'answers a fresh decision each time, never a live counter'
const peeks = 'peeks without taking anything, and says what consume would say'
const clockZero = 'counts from the instant 0 like from any other'
const clockBack = 'survives a clock that is set back an hour: no new quota, no wait beyond a window'
const longWindow = 'counts in a window of 30 days, longer than any timer'
const tinyWindow = 'counts in a window of one millisecond'

export const BROKEN_COUNTING: readonly BrokenStore[] = [
  broken('admits one too many', OneTooMany, firstAdmitted, parallel),
  broken('takes a part of a cost', TakesPartOfACost, costWhole),
  broken('takes what is left on a refusal', CountsRefusals, costWhole),
  broken('asks to come back too early', RoundsWaitsToSeconds, promise),
  broken('says that every charge could be repeated at once', SaysRepeatAtOnce, repeat),
  broken('pauses between reading and writing', PausesBetweenReadAndWrite, parallel),
  broken('prolongs the wait for knocking', KnockingProlongs, knocking),
  broken('hands out its live counter', LiveCounter, fresh),
  broken('charges on peek', PeekTakes, peeks),
  broken('takes the instant 0 for none', TakesZeroForNoTime, clockZero),
  broken('locks out when the clock goes back', LocksOutWhenTheClockGoesBack, clockBack),
  broken('gives new quota when the clock goes back', NewQuotaWhenTheClockGoesBack, clockBack),
  broken('keeps a clock that went back for admitted charges only', RewindsOnlyWhatIsAdmitted, clockBack),
  broken('forgets windows longer than a timer', ForgetsBeyondAMonth, longWindow),
  broken('counts in ticks of ten milliseconds', CountsInTicksOfTenMs, tinyWindow),
]
