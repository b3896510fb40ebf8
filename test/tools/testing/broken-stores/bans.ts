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
import { PausesBetweenReadAndWrite } from './counting.ts'

type Outcomes = readonly AlgorithmResult<AlgorithmState>[]

/** Bans, but reads the rule in another way. */
abstract class OtherRule extends SimpleStore {
  protected abstract refusals(refusals: Limit): Partial<Limit>
  protected override withRefusal(state: BanState | undefined, rule: BanRule): BanState {
    return super.withRefusal(state, {
      ...rule,
      refusals: { ...rule.refusals, ...this.refusals(rule.refusals) },
    })
  }
}

class BansOneTooLate extends OtherRule {
  protected override refusals({ limit }: Limit): Partial<Limit> {
    return { limit: limit + 1 }
  }
}

class NeverForgetsRefusals extends OtherRule {
  protected override refusals(): Partial<Limit> {
    return { windowMs: 1_000_000_000 }
  }
}

class SaysNewEachTime extends SimpleStore {
  protected override banOf(client: Client): Ban | undefined {
    const ban = super.banOf(client)
    return ban === undefined ? undefined : { ...ban, isNew: true }
  }
}

class CountsRefusalsByCost extends SimpleStore {
  protected override noteRefusal(client: Client, charge: Charge): Ban | undefined {
    let ban: Ban | undefined
    for (let unit = 0; unit < charge.cost && ban === undefined; unit++)
      ban = super.noteRefusal(client, charge)
    return ban
  }
}

class LiftsBansWithQuota extends SimpleStore {
  protected override plan(charge: Charge): Plan {
    const plan = super.plan(charge)
    return plan.asked.every(({ allowed }) => allowed) ? { ...plan, ban: undefined } : plan
  }
}

class KnockingProlongsBans extends SimpleStore {
  protected override carryOut(plan: Plan): Decision | Promise<Decision> {
    const { client, charge, ban } = plan
    if (ban !== undefined && charge.ban !== undefined) client.ban = banned(this.clock.now(), charge.ban.forMs)
    return super.carryOut(plan)
  }
}

class KeepsRefusalsThroughBans extends SimpleStore {
  protected override withRefusal(state: BanState | undefined, rule: BanRule): BanState {
    const refusals = slidingWindow.charge(state?.refusals, this.clock.now(), rule.refusals, 1).state
    return { ...super.withRefusal(state, rule), refusals }
  }
}

class CountsRefusalsDuringBans extends SimpleStore {
  protected override carryOut(plan: Plan): Decision | Promise<Decision> {
    const { client, charge, ban } = plan
    if (ban !== undefined && charge.ban !== undefined) {
      const known = client.ban?.refusals
      const refusals = slidingWindow.charge(known, this.clock.now(), charge.ban.refusals, 1).state
      client.ban = { ...client.ban, refusals }
    }
    return super.carryOut(plan)
  }
}

class CountsRefusalsInFixedWindows extends SimpleStore {
  readonly #windows = new Map<Client, FixedWindowState>()
  protected override noteRefusal(client: Client, { ban: rule }: Charge): Ban | undefined {
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
  protected override noteRefusal(client: Client, charge: Charge): Ban | undefined {
    // As where the rule belongs to the store, and not to the charge.
    const refusals = { ...(charge.limits[0] as Limit), limit: 3, windowMs: 10_000 }
    this.#rule = charge.ban ?? this.#rule ?? { refusals, forMs: 300_000 }
    return super.noteRefusal(client, { ...charge, ban: this.#rule })
  }
}

class HeedsBansWithRuleOnly extends SimpleStore {
  protected override plan(charge: Charge): Plan {
    const plan = super.plan(charge)
    return charge.ban === undefined ? { ...plan, ban: undefined } : plan
  }
}

class TellsTheBanOnly extends SimpleStore {
  protected override decision(
    charge: Charge,
    asked: Outcomes,
    shown: Outcomes,
    ban: Ban | undefined,
  ): Decision {
    const decision = super.decision(charge, asked, shown, ban)
    if (ban === undefined) return decision
    const limits = decision.limits.map((state) => ({ ...state, resetMs: ban.endsInMs }))
    return { ...decision, retryAfterMs: ban.endsInMs, limits }
  }
}

class OneBanForAll extends SimpleStore {
  readonly #all: Client = { states: new Map(), ban: undefined }
  protected override banOf(): Ban | undefined {
    return super.banOf(this.#all)
  }
  protected override noteRefusal(_client: Client, charge: Charge): Ban | undefined {
    return super.noteRefusal(this.#all, charge)
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
  protected override noteRefusal(client: Client, charge: Charge): Ban | undefined {
    const [prefix = ''] = charge.key.split(' ')
    const ban = super.noteRefusal(client, charge)
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

class LiftsBansWhenTheClockGoesBack extends SimpleStore {
  protected override rewind(client: Client, limits: readonly Limit[]): void {
    if ((client.ban?.sinceMs ?? 0) > this.clock.now()) client.ban = undefined
    super.rewind(client, limits)
  }
}

class PeekCountsRefusals extends SimpleStore {
  override peek(charge: Charge): Decision {
    const { client, asked, ban } = this.plan(charge)
    const banNow =
      ban ?? (asked.every(({ allowed }) => allowed) ? undefined : this.noteRefusal(client, charge))
    return this.decision(charge, asked, this.ask(client, charge, 0), banNow)
  }
}

class PeekSeesNoBan extends SimpleStore {
  override peek(charge: Charge): Decision {
    const { client, asked } = this.plan(charge)
    return this.decision(charge, asked, this.ask(client, charge, 0), undefined)
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

const nthRefusal = 'bans at the Nth refusal, and says so at that one and not again'
const anyCost = 'counts a refused charge as one refusal, whatever it costs'
const outright = 'refuses a banned client until its ban ends, also when its quota is long free again'
const notProlonged = 'does not prolong a ban for knocking'
const fromNothing = 'counts refusals from nothing after a ban, those during the ban not included'
const anyStretch =
  'bans whoever is refused N times in a stretch of the window of the rule, wherever it begins'
const tooSlow = 'bans nobody who is refused less often than the rule says'
const remembered = 'remembers refusals for as long as the rule says, longer than a client for its limits'
const onlyWithRule = 'counts refusals of charges with a rule only, and heeds a ban in every charge'
const laterOfBoth = 'asks a banned client to wait for its limits too, where they take longer than the ban'
const inParallel = 'starts one ban, and says so once, of many refusals in parallel'
const otherKeys = 'bans the client that was refused, and no other'
const refusalsClockBack = 'survives a clock that is set back an hour: refusals are not remembered for longer'
const clockBack = 'survives a clock that is set back an hour: a ban goes on, for no longer than a whole one'
const peeks = 'peeks at a ban as consume would find it, and counts no refusal'

export const BROKEN_BANS: readonly BrokenStore[] = [
  broken('bans one refusal too late', BansOneTooLate, nthRefusal),
  broken('says of every refusal that it brought the ban', SaysNewEachTime, nthRefusal),
  broken('counts a refusal by its cost', CountsRefusalsByCost, anyCost),
  broken('lifts a ban when there is quota', LiftsBansWithQuota, outright),
  broken('prolongs a ban for knocking', KnockingProlongsBans, notProlonged),
  broken('keeps refusals through a ban', KeepsRefusalsThroughBans, fromNothing),
  broken('counts refusals during a ban', CountsRefusalsDuringBans, fromNothing),
  broken('counts refusals in fixed windows', CountsRefusalsInFixedWindows, anyStretch),
  broken('never forgets a refusal', NeverForgetsRefusals, tooSlow, anyStretch),
  broken('forgets the refusals of idle clients', ForgetsRefusalsOfIdleClients, remembered),
  broken('counts refusals without a rule', CountsRefusalsWithoutRule, onlyWithRule),
  broken('heeds a ban only where there is a rule', HeedsBansWithRuleOnly, onlyWithRule),
  broken('tells the end of the ban only', TellsTheBanOnly, laterOfBoth),
  broken('pauses before it bans', PausesBetweenReadAndWrite, inParallel),
  broken('bans all for one', OneBanForAll, otherKeys),
  broken('bans keys that begin alike', BansByPrefix, otherKeys),
  broken(
    'prolongs a ban when the clock goes back',
    ProlongsBansWhenTheClockGoesBack,
    clockBack,
    refusalsClockBack,
  ),
  broken('lifts a ban when the clock goes back', LiftsBansWhenTheClockGoesBack, clockBack),
  broken('counts a peek as a refusal', PeekCountsRefusals, peeks),
  broken('does not see bans on peek', PeekSeesNoBan, peeks),
]
