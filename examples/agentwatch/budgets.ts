import type { Request, Response } from 'express'
import {
  createRateLimiter,
  type PlanOptions,
  type RateLimiter,
  type RateLimiterOptions,
} from 'express-tollgate'
import { type ConcurrencyLimiter, createConcurrencyLimiter } from 'express-tollgate/concurrency'
import { tokensOf } from './domain/cost.ts'
import type { NewEvent } from './domain/event.ts'
import { BUDGET_WINDOW, PLAN_NAMES, PLANS, type Plan, type PlanName } from './domain/plans.ts'
import type { Tenant } from './domain/tenants.ts'
import type { Watch } from './domain/watch.ts'
import { identityOf } from './http/identity.ts'
import type { CounterStore } from './store.ts'

/** Reserved for each request with events, until the server knows what the events report. */
const ESTIMATED_TOKENS = 2000

const NO_ANSWER = 'The store of the counters does not answer.'

/** What the plan of a tenant includes, and how much of it is used now. */
export interface BudgetFigures {
  readonly plan: PlanName
  readonly tokenBudget: {
    readonly unit: 'tokens'
    readonly limit: number
    /** The estimates of requests in flight are part of it. */
    readonly used: number
    readonly remaining: number
    readonly windowEndsAt: string
  }
  readonly requestsInFlight: {
    readonly limit: number
    /** With Redis, those of all processes. */
    readonly now: number
  }
}

/**
 * The budgets of tenants: tokens, and requests in flight. They limit the requests for events of tenants. The
 * operator has no budget.
 */
export class Budgets {
  readonly tokens: RateLimiter
  readonly inFlight: ConcurrencyLimiter
  readonly #watch: Watch

  /** @param trust the proxies that all limiters trust */
  constructor(watch: Watch, trust: Pick<RateLimiterOptions, 'trustProxy'>, stores: CounterStore) {
    this.#watch = watch
    const tenant = {
      ...trust,
      skip: (_req: Request, res: Response) => identityOf(res).tenantId === null,
      keyGenerator: (_req: Request, res: Response) => this.#tenantOf(res).id,
      plan: (_req: Request, res: Response) => this.#tenantOf(res).plan,
    }
    this.tokens = createRateLimiter({
      ...tenant,
      ...(stores.store === undefined ? {} : { store: stores.store }),
      name: 'tokens',
      unit: 'tokens',
      plans: byPlan(
        ({ tokens }): PlanOptions => ({
          read: false,
          write: { name: 'tokens', limit: tokens, ...BUDGET_WINDOW },
        }),
      ),
      preflight: false,
      cost: () => ESTIMATED_TOKENS,
      // A request without stored events costs nothing. One that is aborted keeps its estimate.
      skipFailedRequests: true,
      // The X-RateLimit headers of this server count requests.
      legacyHeaders: false,
      standardHeaders: true,
      message: {
        error: 'token_budget_exceeded',
        message: 'The plan of this tenant includes no more tokens this month.',
        remedy: 'Wait as many seconds as Retry-After says, or ask the operator for another plan.',
      },
    })
    this.inFlight = createConcurrencyLimiter({
      ...tenant,
      ...(stores.leases === undefined ? {} : { store: stores.leases }),
      name: 'in-flight',
      plans: byPlan(({ requestsInFlight }) => requestsInFlight),
      standardHeaders: true,
    })
  }

  /**
   * Charges the tenant of a request for the tokens of its events, instead of the estimate. Never rejects: the
   * events are stored, and an agent that got an error would send them again.
   */
  async settle(req: Request, events: readonly NewEvent[]): Promise<void> {
    try {
      await this.tokens.settle(req, tokensOf(events))
    } catch (error) {
      console.error('The tokens of a request could not be settled:', error)
    }
  }

  /** The budgets of a tenant now. */
  async figuresOf({ id, plan }: Pick<Tenant, 'id' | 'plan'>): Promise<BudgetFigures> {
    const [tokenBudget, places] = await Promise.all([
      this.tokens.peek(id, { plan, class: 'write' }),
      this.inFlight.peek(id, { plan }),
    ])
    const [[tokens], [inFlight]] = [tokenBudget.limits, places.limits]
    if (tokens === undefined || inFlight === undefined) throw new Error(NO_ANSWER)
    const { limit, remaining, resetMs } = tokens
    // A window ends at a full second. The store has counted from some milliseconds ago.
    const endsSec = Math.round((this.#watch.now() + resetMs) / 1000)
    const windowEndsAt = new Date(endsSec * 1000).toISOString()
    return {
      plan,
      tokenBudget: { unit: 'tokens', limit, used: limit - remaining, remaining, windowEndsAt },
      requestsInFlight: { limit: inFlight.limit, now: inFlight.limit - inFlight.remaining },
    }
  }

  /** The tenant of a request. Requests of the operator are skipped before this is asked. */
  #tenantOf(res: Response): Tenant {
    return this.#watch.tenants.get(identityOf(res).tenantId ?? '')
  }
}

function byPlan<Budget>(budgetOf: (plan: Plan) => Budget): Record<PlanName, Budget> {
  const entries = PLAN_NAMES.map((name) => [name, budgetOf(PLANS[name])])
  return Object.fromEntries(entries) as Record<PlanName, Budget>
}
