import type { AlgorithmResult } from '../../../../src/limits/algorithm.ts'
import type { AlgorithmState } from '../../../../src/limits/algorithms.ts'
import { type BanRule, type BanState, banned } from '../../../../src/limits/ban.ts'
import type { Ban, Decision } from '../../../../src/limits/decision.ts'
import { type FixedWindowState, fixedWindow } from '../../../../src/limits/fixed-window.ts'
import type { Limit } from '../../../../src/limits/limit.ts'
import { slidingWindow } from '../../../../src/limits/sliding-window.ts'
import type { Charge } from '../../../../src/stores/store.ts'
import { type Client, type Plan, SimpleStore } from '../simple-store.ts'
import { type BrokenStore, broken } from './broken-store.ts'
import { WaitsBetweenReadAndWrite } from './counting.ts'

type Results = readonly AlgorithmResult<AlgorithmState>[]

/** Bans by another rule than that of the charge. */
abstract class UsesOtherRule extends SimpleStore {
  protected abstract refusals(refusals: Limit): Partial<Limit>
  protected override withRefusal(state: BanState | undefined, rule: BanRule): BanState {
    return super.withRefusal(state, {
      ...rule,
      refusals: { ...rule.refusals, ...this.refusals(rule.refusals) },
    })
  }
}

class BansOneTooLate extends UsesOtherRule {
  protected override refusals({ limit }: Limit): Partial<Limit> {
    return { limit: limit + 1 }
  }
}

class NeverForgetsRefusals extends UsesOtherRule {
  protected override refusals(): Partial<Limit> {
    return { windowMs: 1_000_000_000 }
  }
}

class ShowsEveryBanAsNew extends SimpleStore {
  protected override banOf(client: Client): Ban | undefined {
    const ban = super.banOf(client)
    return ban === undefined ? undefined : { ...ban, isNew: true }
  }
}

class CountsRefusalsByCost extends SimpleStore {
  protected override countRefusal(client: Client, charge: Charge): Ban | undefined {
    let ban: Ban | undefined
    for (let unit = 0; unit < charge.cost && ban === undefined; unit++)
      ban = super.countRefusal(client, charge)
    return ban
  }
}

class EndsBansWithQuota extends SimpleStore {
  protected override plan(charge: Charge): Plan {
    const plan = super.plan(charge)
    return plan.results.every(({ allowed }) => allowed) ? { ...plan, ban: undefined } : plan
  }
}

class RefusalProlongsBans extends SimpleStore {
  protected override execute(plan: Plan): Decision | Promise<Decision> {
    const { client, charge, ban } = plan
    if (ban !== undefined && charge.ban !== undefined) client.ban = banned(this.clock.now(), charge.ban.forMs)
    return super.execute(plan)
  }
}

class RemembersRefusalsAfterBans extends SimpleStore {
  protected override withRefusal(state: BanState | undefined, rule: BanRule): BanState {
    const refusals = slidingWindow.charge(state?.refusals, this.clock.now(), rule.refusals, 1).state
    return { ...super.withRefusal(state, rule), refusals }
  }
}

class CountsRefusalsDuringBans extends SimpleStore {
  protected override execute(plan: Plan): Decision | Promise<Decision> {
    const { client, charge, ban } = plan
    if (ban !== undefined && charge.ban !== undefined) {
      const known = client.ban?.refusals
      const refusals = slidingWindow.charge(known, this.clock.now(), charge.ban.refusals, 1).state
      client.ban = { ...client.ban, refusals }
    }
    return super.execute(plan)
  }
}

class CountsRefusalsInFixedWindows extends SimpleStore {
  readonly #windows = new Map<Client, FixedWindowState>()
  protected override countRefusal(client: Client, { ban: rule }: Charge): Ban | undefined {
    if (rule === undefined) return undefined
    const counted = fixedWindow.charge(this.#windows.get(client), this.clock.now(), rule.refusals, 1)
    this.#windows.set(client, counted.state)
    if (counted.remaining > 0) return undefined
    this.#windows.delete(client)
    client.ban = banned(this.clock.now(), rule.forMs)
    return { endsInMs: rule.forMs, isNew: true }
  }
}

class CountsRefusalsWithoutRule extends SimpleStore {
  #rule: BanRule | undefined
  protected override countRefusal(client: Client, charge: Charge): Ban | undefined {
    // As in a store that has one rule of its own for all charges.
    const refusals = { ...(charge.limits[0] as Limit), limit: 3, windowMs: 10_000 }
    this.#rule = charge.ban ?? this.#rule ?? { refusals, forMs: 300_000 }
    return super.countRefusal(client, { ...charge, ban: this.#rule })
  }
}

class AppliesBansWithRuleOnly extends SimpleStore {
  protected override plan(charge: Charge): Plan {
    const plan = super.plan(charge)
    return charge.ban === undefined ? { ...plan, ban: undefined } : plan
  }
}

class ShowsTheBanOnly extends SimpleStore {
  protected override decision(
    charge: Charge,
    results: Results,
    shown: Results,
    ban: Ban | undefined,
  ): Decision {
    const decision = super.decision(charge, results, shown, ban)
    if (ban === undefined) return decision
    const limits = decision.limits.map((state) => ({ ...state, resetMs: ban.endsInMs }))
    return { ...decision, retryAfterMs: ban.endsInMs, limits }
  }
}

class OneBanForAll extends SimpleStore {
  readonly #all: Client = { states: new Map(), limits: new Map(), ban: undefined }
  protected override banOf(): Ban | undefined {
    return super.banOf(this.#all)
  }
  protected override countRefusal(_client: Client, charge: Charge): Ban | undefined {
    return super.countRefusal(this.#all, charge)
  }
}

class BansByPrefix extends SimpleStore {
  readonly #bans = new Map<string, BanState>()
  protected override plan(charge: Charge): Plan {
    const [prefix = ''] = charge.key.split(' ')
    const client = this.clientOf(charge.key)
    client.ban = this.#bans.get(prefix) ?? client.ban
    return super.plan(charge)
  }
  protected override countRefusal(client: Client, charge: Charge): Ban | undefined {
    const [prefix = ''] = charge.key.split(' ')
    const ban = super.countRefusal(client, charge)
    if (ban !== undefined && client.ban !== undefined) this.#bans.set(prefix, client.ban)
    return ban
  }
}

class ProlongsBansWhenTheClockGoesBack extends SimpleStore {
  protected override rewind(client: Client, limits: readonly Limit[]): void {
    const { ban } = client
    super.rewind(client, limits)
    client.ban = ban
  }
}

class EndsBansWhenTheClockGoesBack extends SimpleStore {
  protected override rewind(client: Client, limits: readonly Limit[]): void {
    if ((client.ban?.sinceMs ?? 0) > this.clock.now()) client.ban = undefined
    super.rewind(client, limits)
  }
}

class PeekCountsRefusals extends SimpleStore {
  override peek(charge: Charge): Decision {
    const { client, results, ban } = this.plan(charge)
    const banNow =
      ban ?? (results.every(({ allowed }) => allowed) ? undefined : this.countRefusal(client, charge))
    return this.decision(charge, results, this.calculate(client, charge, 0), banNow)
  }
}

class PeekSeesNoBan extends SimpleStore {
  override peek(charge: Charge): Decision {
    const { client, results } = this.plan(charge)
    return this.decision(charge, results, this.calculate(client, charge, 0), undefined)
  }
}

class ForgetsRefusalsOfIdleClients extends SimpleStore {
  readonly #lastMs = new Map<Client, number>()
  protected override plan(charge: Charge): Plan {
    const plan = super.plan(charge)
    const ttlMs = Math.max(...charge.limits.map((limit) => limit.ttlMs))
    const idleMs = this.clock.now() - (this.#lastMs.get(plan.client) ?? 0)
    this.#lastMs.set(plan.client, this.clock.now())
    if (idleMs > ttlMs && plan.ban === undefined) plan.client.ban = undefined
    return plan
  }
}

const nthRefusal = 'the Nth refusal bans the client, and only its decision has ban.isNew = true'
const anyCost = 'a refused charge counts as one refusal, whatever it costs'
const lastsUntilItsEnd = 'a banned client is refused until its ban ends, even when it has quota again'
const notProlonged = 'charges during a ban do not make the ban longer'
const startsAtZero =
  'after a ban the count of refusals starts at zero, and refusals during the ban do not count'
const anyStretch = "N refusals in any stretch of the length of the ban rule's window ban the client"
const tooFewRefusals = 'a client that is refused less often than the ban rule says is not banned'
const remembersRefusals =
  "refusals are remembered for the ban rule's window, even if it is longer than the ttlMs of the limits"
const onlyWithRule = 'only refusals of charges with a ban rule count, but a ban refuses every charge'
const longestWait = 'a banned client waits for its limits too, if their wait is longer than the ban'
const oneBanInParallel = 'many refusals in parallel start one ban, and only one decision has ban.isNew = true'
const onlyTheRefusedClient = 'a ban affects only the client that was refused'
const refusalsClockBack = 'after the clock is set back by an hour, refusals are not remembered for longer'
const clockBack = 'after the clock is set back by an hour, a ban continues, for its full time at most'
const peekShowsBans = 'peek() shows a ban as consume() would, and counts no refusal'

export const BROKEN_BANS: readonly BrokenStore[] = [
  broken('bans one refusal too late', BansOneTooLate, nthRefusal),
  broken('shows a new ban in every refusal', ShowsEveryBanAsNew, nthRefusal),
  broken('counts a refusal as often as its cost', CountsRefusalsByCost, anyCost),
  broken('ends a ban when there is quota', EndsBansWithQuota, lastsUntilItsEnd),
  broken('makes a ban longer for each refused charge', RefusalProlongsBans, notProlonged),
  broken('remembers refusals after a ban', RemembersRefusalsAfterBans, startsAtZero),
  broken('counts refusals during a ban', CountsRefusalsDuringBans, startsAtZero),
  broken('counts refusals in fixed windows', CountsRefusalsInFixedWindows, anyStretch),
  broken('never forgets a refusal', NeverForgetsRefusals, tooFewRefusals, anyStretch),
  broken('forgets the refusals of idle clients', ForgetsRefusalsOfIdleClients, remembersRefusals),
  broken('counts refusals without a rule', CountsRefusalsWithoutRule, onlyWithRule),
  broken('applies a ban only to charges with a rule', AppliesBansWithRuleOnly, onlyWithRule),
  broken('shows the wait of the ban only', ShowsTheBanOnly, longestWait),
  broken('waits before it bans', WaitsBetweenReadAndWrite, oneBanInParallel),
  broken('bans all clients when one is refused', OneBanForAll, onlyTheRefusedClient),
  broken('bans all keys with the same beginning', BansByPrefix, onlyTheRefusedClient),
  broken(
    'makes a ban longer when the clock is set back',
    ProlongsBansWhenTheClockGoesBack,
    clockBack,
    refusalsClockBack,
  ),
  broken('ends a ban when the clock is set back', EndsBansWhenTheClockGoesBack, clockBack),
  broken('counts a refusal in peek()', PeekCountsRefusals, peekShowsBans),
  broken('shows no ban in peek()', PeekSeesNoBan, peekShowsBans),
]
