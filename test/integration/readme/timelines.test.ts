import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { CHOSEN_ALGORITHMS } from '../../../src/limits/algorithms.ts'
import { timelineOf } from './timelines.ts'

const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')

describe('the worked timelines of the README', () => {
  it.each(CHOSEN_ALGORITHMS)('are the results of the code for a %s', (algorithm) => {
    expect(readme).toContain(`\n\n${timelineOf(algorithm)}\n\n`)
  })
})
