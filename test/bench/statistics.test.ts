import { describe, expect, it } from 'vitest'
import { median, spreadOf } from './statistics.ts'

describe('median', () => {
  it('is the figure in the middle, in whatever order they come', () => {
    expect(median([10, 2, 9])).toBe(9)
    expect(median([7])).toBe(7)
  })

  it('of an even number of figures is the mean of the two in the middle', () => {
    expect(median([1, 100, 2, 4])).toBe(3)
  })

  it('of no figures is none', () => {
    expect(median([])).toBeNaN()
  })

  it('leaves the figures in their order', () => {
    const figures = [3, 1, 2]
    median(figures)
    expect(figures).toEqual([3, 1, 2])
  })
})

describe('spreadOf', () => {
  it('gives median, least, most, sum, and the figures in their order', () => {
    expect(spreadOf([10, -2, 9])).toStrictEqual({ median: 9, min: -2, max: 10, sum: 17, values: [10, -2, 9] })
  })

  it.each([
    [[], 'a spread takes finite figures, at least one: got []'],
    [[1, Number.NaN], 'a spread takes finite figures, at least one: got [1, NaN]'],
    [[Number.POSITIVE_INFINITY], 'a spread takes finite figures, at least one: got [Infinity]'],
  ])('refuses %j', (figures, message) => {
    expect(() => spreadOf(figures)).toThrow(new RangeError(message))
  })
})
