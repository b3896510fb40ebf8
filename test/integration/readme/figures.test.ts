import { describe, expect, it } from 'vitest'
import { textOf } from '../../support/project-files.ts'
import { figuresTable } from './figures.ts'

describe('the table of figures', () => {
  it.each(['README.md', 'docs/benchmarks.md'])('is what test/bench/results has: %s', (page) => {
    expect(textOf(page)).toContain(`\n\n${figuresTable()}\n\n`)
  })
})
