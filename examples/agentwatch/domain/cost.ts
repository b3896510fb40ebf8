import type { NewEvent } from './event.ts'
import { costUsdOf, priceOf, roundUsd } from './pricing.ts'

/** The tokens and the cost of one model. */
export interface ModelCost {
  readonly model: string
  readonly calls: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly costUsd: number
  /** False for a model without a price. Its tokens are counted, and its cost is 0. */
  readonly priced: boolean
}

/** The cost of several events together. */
export interface Cost {
  readonly inputTokens: number
  readonly outputTokens: number
  readonly totalUsd: number
  /** The most expensive model first. */
  readonly byModel: readonly ModelCost[]
  readonly unpricedModels: readonly string[]
}

/** The cost of events. Blocked events count too, because their tokens were used. */
export function costOf(events: readonly NewEvent[]): Cost {
  const byModel = new Map<string, ModelCost>()
  let inputTokens = 0
  let outputTokens = 0
  for (const event of events) {
    inputTokens += event.inputTokens
    outputTokens += event.outputTokens
    if (event.inputTokens + event.outputTokens === 0) continue
    const model = event.model ?? 'unknown'
    byModel.set(model, add(byModel.get(model) ?? noCostOf(model, event.model), event))
  }
  const models = [...byModel.values()].sort((one, other) => other.costUsd - one.costUsd)
  return {
    inputTokens,
    outputTokens,
    totalUsd: roundUsd(totalUsdOf(events)),
    byModel: models.map((model) => ({ ...model, costUsd: roundUsd(model.costUsd) })),
    unpricedModels: models.filter((model) => !model.priced).map((model) => model.model),
  }
}

/** The tokens of events: those that models read, and those that they wrote. */
export function tokensOf(events: readonly NewEvent[]): number {
  return events.reduce((sum, { inputTokens, outputTokens }) => sum + inputTokens + outputTokens, 0)
}

/** The cost of events in US dollars, not rounded. */
export function totalUsdOf(events: readonly NewEvent[]): number {
  return events.reduce((sum, event) => sum + costUsdOf(event), 0)
}

function noCostOf(model: string, priceName: string | null): ModelCost {
  const priced = priceOf(priceName) !== undefined
  return { model, calls: 0, inputTokens: 0, outputTokens: 0, costUsd: 0, priced }
}

function add(sum: ModelCost, event: NewEvent): ModelCost {
  return {
    ...sum,
    calls: sum.calls + 1,
    inputTokens: sum.inputTokens + event.inputTokens,
    outputTokens: sum.outputTokens + event.outputTokens,
    costUsd: sum.costUsd + costUsdOf(event),
  }
}
