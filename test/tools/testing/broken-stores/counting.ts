import type { AlgorithmResult } from '../../../../src/limits/algorithm.ts'
import type { AlgorithmState } from '../../../../src/limits/algorithms.ts'
import type { Decision } from '../../../../src/limits/decision.ts'
import type { Charge } from '../../../../src/stores/store.ts'
import { type Client, type Plan, SimpleStore } from '../simple-store.ts'
import { type BrokenStore, broken } from './broken-store.ts'

type Results = readonly AlgorithmResult<AlgorithmState>[]

const nextMacrotask = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

class AllowsOneTooMany extends SimpleStore {
  protected override calculate(client: Client, charge: Charge, cost: number): Results {
    const limits = charge.limits.map((limit) => ({
      ...limit,
      limit: limit.limit + 1,
      burst: limit.burst + 1,
    }))
    return super
      .calculate(client, { ...charge, limits }, cost)
      .map((result) => ({ ...result, remaining: Math.max(0, result.remaining - 1) }))
  }
}

class TakesPartOfACost extends SimpleStore {
  override consume(charge: Charge): Decision | Promise<Decision> {
    let decision = super.consume({ ...charge, cost: 1 })
    for (let unit = 1; unit < charge.cost; unit++) decision = super.consume({ ...charge, cost: 1 })
    return decision
  }
}

class RefusalTakesTheRest extends SimpleStore {
  protected override execute(plan: Plan): Decision | Promise<Decision> {
    const { charge, client, results } = plan
    const left = Math.min(...this.calculate(client, charge, 0).map(({ remaining }) => remaining))
    if (results.some(({ allowed }) => !allowed))
      this.take({ ...plan, results: this.calculate(client, charge, left) })
    return super.execute(plan)
  }
}

class RoundsWaitsToSeconds extends SimpleStore {
  override consume(charge: Charge): Decision {
    const decision = super.consume(charge) as Decision
    return { ...decision, retryAfterMs: Math.floor(decision.retryAfterMs / 1000) * 1000 }
  }
}

class ShowsShortRepeat extends SimpleStore {
  protected override take(plan: Plan): Decision {
    return { ...super.take(plan), repeatAfterMs: 1 }
  }
}

export class WaitsBetweenReadAndWrite extends SimpleStore {
  override async consume(charge: Charge): Promise<Decision> {
    const plan = this.plan(charge)
    await nextMacrotask()
    return this.execute(plan)
  }
}

class RefusalProlongsTheWait extends SimpleStore {
  protected override execute(plan: Plan): Decision | Promise<Decision> {
    const { charge, client, results } = plan
    const decision = super.execute(plan)
    if (results.every(({ allowed }) => allowed)) return decision
    for (const limit of charge.limits) {
      // A calendar window ends no later for a later charge, unless that is in the next one.
      const laterMs = limit.calendar === undefined ? 0 : limit.windowMs
      const full = this.algorithm(limit).charge(undefined, this.clock.now() + laterMs, limit, limit.burst)
      client.states.set(this.counterOf(limit), full.state)
    }
    return decision
  }
}

class ReturnsLiveCounter extends SimpleStore {
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

class TreatsZeroAsNoTime extends SimpleStore {
  protected override plan(charge: Charge): Plan {
    if (this.clock.now() === 0) this.clients.clear()
    return super.plan(charge)
  }
}

class LocksClientsOutWhenTheClockGoesBack extends SimpleStore {
  protected override rewind(): void {
    // Keeps the states, whose times are an hour in the future.
  }
}

class GivesNewQuotaWhenTheClockGoesBack extends SimpleStore {
  #lastMs = 0
  protected override rewind(client: Client): void {
    if (this.clock.now() < this.#lastMs) client.states.clear()
    this.#lastMs = this.clock.now()
  }
}

class RewindsOnlyForAllowedCharges extends SimpleStore {
  protected override plan(charge: Charge): Plan {
    const before = new Map(this.clientOf(charge.key).states)
    const plan = super.plan(charge)
    for (const [name, state] of before) plan.client.states.set(name, state)
    return plan
  }
}

class ForgetsBeyondAMonth extends SimpleStore {
  protected override plan(charge: Charge): Plan {
    // A timer of more than 2^31 - 1 ms fires at once.
    if (charge.limits.some(({ windowMs }) => windowMs > 2 ** 31 - 1)) this.clients.clear()
    return super.plan(charge)
  }
}

class CountsInTicksOfTenMs extends SimpleStore {
  protected override calculate(client: Client, charge: Charge, cost: number): Results {
    const limits = charge.limits.map((limit) => ({ ...limit, windowMs: Math.max(10, limit.windowMs) }))
    return super.calculate(client, { ...charge, limits }, cost)
  }
}

const allowsTheLimit = 'a client can use all units of the limit, and the next charge is refused'
const wholeCost = 'a charge takes its whole cost, or nothing'
const retryAfter = 'a refused charge is refused until its retryAfterMs has passed, and is allowed then'
const repeatAfter =
  'repeatAfterMs, where a decision has it, is the time until the same charge can be allowed again'
const parallel = 'of charges in parallel, exactly as many are allowed as the limit has units'
const refusalTakesNothing = 'a refused charge takes nothing, so more charges do not make the wait longer'
const newDecisions = 'each decision is a new object that does not change later'
const peeks = 'peek() takes nothing, and returns what consume() would return'
const clockZero = 'counting works when the clock is at 0'
const clockBack =
  'after the clock is set back by an hour, a client gets no new quota, and waits for one window at most'
const longWindow = 'a window can last 30 days, which is longer than any timer'
const tinyWindow = 'a window can last one millisecond'

export const BROKEN_COUNTING: readonly BrokenStore[] = [
  broken('allows one unit too many', AllowsOneTooMany, allowsTheLimit, parallel),
  broken('takes a part of the cost of a refused charge', TakesPartOfACost, wholeCost),
  broken('takes the remaining units for a refused charge', RefusalTakesTheRest, wholeCost),
  broken('shows a retryAfterMs that is too short', RoundsWaitsToSeconds, retryAfter),
  broken('shows a repeatAfterMs of 1 ms for every charge', ShowsShortRepeat, repeatAfter),
  broken('waits between reading and writing', WaitsBetweenReadAndWrite, parallel),
  broken('makes the wait longer for each refused charge', RefusalProlongsTheWait, refusalTakesNothing),
  broken('returns its own counter in decisions', ReturnsLiveCounter, newDecisions),
  broken('takes units in peek()', PeekTakes, peeks),
  broken('treats the time 0 as no time', TreatsZeroAsNoTime, clockZero),
  broken('locks clients out when the clock is set back', LocksClientsOutWhenTheClockGoesBack, clockBack),
  broken('gives new quota when the clock is set back', GivesNewQuotaWhenTheClockGoesBack, clockBack),
  broken(
    'follows a clock that is set back for allowed charges only',
    RewindsOnlyForAllowedCharges,
    clockBack,
  ),
  broken('forgets windows that are longer than a timer', ForgetsBeyondAMonth, longWindow),
  broken('counts in ticks of ten milliseconds', CountsInTicksOfTenMs, tinyWindow),
]
