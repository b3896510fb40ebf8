import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { CHOSEN_ALGORITHMS } from '../../../src/limits/algorithms.ts'
import { timelineOf } from './timelines.ts'

const page = readFileSync(new URL('../../../docs/algorithms.md', import.meta.url), 'utf8')

describe('the worked timelines of docs/algorithms.md', () => {
  it.each(CHOSEN_ALGORITHMS)('are the results of the code for a %s', (algorithm) => {
    expect(page).toContain(`\n\n${timelineOf(algorithm)}\n\n`)
  })
})
