import type { NewEvent } from './event.ts'

/** US dollars per million tokens. */
export interface Price {
  readonly input: number
  readonly output: number
}

/** Example prices by model, not real offers. Other models cost nothing; reports list them as unpriced. */
export const PRICES: Readonly<Record<string, Price>> = {
  'claude-haiku': { input: 1, output: 5 },
  'claude-sonnet': { input: 3, output: 15 },
  'gemini-flash': { input: 0.3, output: 2.5 },
  'gpt-4o': { input: 2.5, output: 10 },
  'gpt-4o-mini': { input: 0.15, output: 0.6 },
}

/** The price of a model, or undefined if the table does not have it. */
export function priceOf(model: string | null): Price | undefined {
  return model !== null && Object.hasOwn(PRICES, model) ? PRICES[model] : undefined
}

/** The cost of the tokens of an event, in US dollars. */
export function costUsdOf(event: Pick<NewEvent, 'model' | 'inputTokens' | 'outputTokens'>): number {
  const price = priceOf(event.model)
  if (price === undefined) return 0
  return (event.inputTokens * price.input + event.outputTokens * price.output) / 1_000_000
}

/** Rounds to a millionth of a dollar, because floating-point sums are not exact. */
export function roundUsd(usd: number): number {
  return Math.round(usd * 1_000_000) / 1_000_000
}
