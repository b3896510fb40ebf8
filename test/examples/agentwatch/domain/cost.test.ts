import { describe, expect, it } from 'vitest'
import { costOf } from '../../../../examples/agentwatch/domain/cost.ts'
import { costUsdOf, PRICES, roundUsd } from '../../../../examples/agentwatch/domain/pricing.ts'
import { newEvent } from '../sample-event.ts'

describe('costUsdOf', () => {
  it('multiplies the tokens by the price per million tokens', () => {
    // 1,000,000 x 2.50 + 100,000 x 10.00 a million
    expect(costUsdOf({ model: 'gpt-4o', inputTokens: 1_000_000, outputTokens: 100_000 })).toBe(3.5)
  })

  it.each([null, 'no-such-model', '__proto__', 'toString'])(
    'gives a cost of 0 for the model %s, which has no price',
    (model) => {
      expect(costUsdOf({ model, inputTokens: 1_000_000, outputTokens: 1_000_000 })).toBe(0)
    },
  )

  it.each(Object.entries(PRICES))('has a higher price for output than for input: %s', (_model, price) => {
    expect(price.output).toBeGreaterThan(price.input)
  })
})

describe('roundUsd', () => {
  it('rounds to a millionth of a dollar', () => {
    expect(roundUsd(0.1 + 0.2)).toBe(0.3)
    expect(roundUsd(0.000_001_4)).toBe(0.000_001)
  })
})

describe('costOf', () => {
  it('adds up by model, the most expensive first, and lists models without a price', () => {
    const cost = costOf([
      newEvent({ model: 'gpt-4o-mini', inputTokens: 1000, outputTokens: 500 }),
      newEvent({ model: 'claude-sonnet', inputTokens: 2000, outputTokens: 1000 }),
      newEvent({ model: 'gpt-4o-mini', inputTokens: 1000, outputTokens: 0 }),
      newEvent({ model: 'home-made', inputTokens: 10, outputTokens: 20 }),
      newEvent({ model: null, inputTokens: 1, outputTokens: 0 }),
      newEvent({ model: 'gpt-4o' }),
    ])
    expect(cost).toEqual({
      inputTokens: 4011,
      outputTokens: 1520,
      // 2000 x 3 + 1000 x 15 = 21,000 and 2000 x 0.15 + 500 x 0.6 = 600 millionths
      totalUsd: 0.0216,
      byModel: [
        {
          model: 'claude-sonnet',
          calls: 1,
          inputTokens: 2000,
          outputTokens: 1000,
          costUsd: 0.021,
          priced: true,
        },
        {
          model: 'gpt-4o-mini',
          calls: 2,
          inputTokens: 2000,
          outputTokens: 500,
          costUsd: 0.0006,
          priced: true,
        },
        { model: 'home-made', calls: 1, inputTokens: 10, outputTokens: 20, costUsd: 0, priced: false },
        { model: 'unknown', calls: 1, inputTokens: 1, outputTokens: 0, costUsd: 0, priced: false },
      ],
      unpricedModels: ['home-made', 'unknown'],
    })
  })

  it('is 0 without events', () => {
    expect(costOf([])).toEqual({
      inputTokens: 0,
      outputTokens: 0,
      totalUsd: 0,
      byModel: [],
      unpricedModels: [],
    })
  })
})
