import { describe, expect, it } from 'vitest'
import { FirstIds } from '../../../src/limits/algorithm.ts'
import { Batch } from '../../../src/stores/redis/batch.ts'
import type { OperationForm } from '../../../src/stores/redis/operation-form.ts'
import type { Charge } from '../../../src/stores/store.ts'
import { chargeOf } from '../../support/charges.ts'

const formOf = (text: string, limits = 1): OperationForm => ({ text, limits })

/** A batch, and what has become of its operations. */
class Observed {
  readonly batch = new Batch()
  readonly outcomes: unknown[] = []

  add(key: string, form: OperationForm, charge?: Charge): this {
    const at = this.outcomes.push('open') - 1
    const settle = (outcome: unknown): void => {
      this.outcomes[at] = outcome
    }
    this.batch.add({ key, form, charge, resolve: settle, reject: settle })
    return this
  }
}

describe('a batch', () => {
  it('has the keys of its operations in their order, and each form once', () => {
    const [a, b] = [formOf('a'), formOf('b')]
    const { batch } = new Observed().add('k1', a).add('k2', b).add('k1', a).add('k3', formOf('b'))
    const { keys, args } = batch.call('1000', new FirstIds(5))
    expect(keys).toEqual(['k1', 'k2', 'k1', 'k3'])
    expect(args).toEqual(['1000', String(new FirstIds(5).next()), '$%$%', 'a', 'b'])
  })

  it('takes an id for each of its operations', () => {
    const { batch } = new Observed().add('k1', formOf('a')).add('k2', formOf('a'))
    const ids = new FirstIds()
    batch.call('', ids)
    const others = new FirstIds()
    for (const _ of [1, 2]) others.next()
    expect(ids.next()).toBe(others.next())
  })

  it('has room for 32 limits', () => {
    const { batch } = new Observed().add('k', formOf('a', 30))
    expect(batch.hasRoomFor(formOf('b', 3))).toBe(false)
    expect(batch.hasRoomFor(formOf('b', 2))).toBe(true)
    batch.add({
      ...{ key: 'k', form: formOf('b', 2), charge: undefined },
      resolve: () => {},
      reject: () => {},
    })
    expect(batch.hasRoomFor(formOf('c'))).toBe(false)
  })

  it('has printable characters for 32 different forms', () => {
    const observed = new Observed()
    for (let at = 0; at < 32; at++) observed.add('k', formOf(`${at}`))
    const [, , places = ''] = observed.batch.call('', new FirstIds()).args
    expect(places).toMatch(/^[!-~]{32}$/)
    expect(new Set(places).size).toBe(32)
  })

  it('gives each operation its own answer, and an error to those that failed', () => {
    const observed = new Observed().add('k1', formOf('a')).add('k2', formOf('a')).add('k3', formOf('b'))
    observed.batch.answered([1, 2, 3, 'OOM command not allowed', [1]])
    expect(observed.outcomes).toEqual([[1, 2, 3], new Error('OOM command not allowed'), [1]])
  })

  it('fails as a whole with the error of its command', () => {
    const observed = new Observed().add('k1', formOf('a')).add('k2', formOf('b'))
    const error = new Error('LOADING')
    observed.batch.failed(error)
    expect(observed.outcomes).toEqual([error, error])
  })

  it('loses the charges that are abandoned before it is sent', () => {
    const charges = ['a', 'b', 'c'].map((key) => chargeOf(key))
    const observed = new Observed()
    for (const charge of charges) observed.add(charge.key, formOf('x'), charge)
    observed.add('d', formOf('y'))
    expect(observed.batch.withdrawAbandoned()).toBe(false)
    for (const charge of charges.slice(0, 2)) charge.isAbandoned = true
    expect(observed.batch.withdrawAbandoned()).toBe(true)
    expect(observed.batch.withdrawAbandoned()).toBe(false)
    expect(observed.batch.call('', new FirstIds()).keys).toEqual(['c', 'd'])
    const late = new Error('the deadline passed before the charge was sent')
    expect(observed.outcomes).toEqual([late, late, 'open', 'open'])
    observed.batch.answered([[1], [2]])
    expect(observed.outcomes).toEqual([late, late, [1], [2]])
  })
})
