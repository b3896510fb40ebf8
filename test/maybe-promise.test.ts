import { describe, expect, it, vi } from 'vitest'
import { chain, isPromiseLike, type MaybePromise } from '../src/maybe-promise.ts'

describe('isPromiseLike', () => {
  it.each([Promise.resolve(1), { then: () => undefined }, Object.assign(() => 1, { then: () => undefined })])(
    'is %o',
    (value) => {
      expect(isPromiseLike(value as MaybePromise<unknown>)).toBe(true)
    },
  )

  it.each([1, 'then', null, undefined, {}, { then: 5 }, () => 1])('is not %o', (value) => {
    expect(isPromiseLike(value as MaybePromise<unknown>)).toBe(false)
  })
})

describe('chain', () => {
  it('uses a value in the same tick', () => {
    expect(chain(2, (value) => value + 1)).toBe(3)
  })

  it('uses a promised value when it is there', async () => {
    expect(await chain(Promise.resolve(2), async (value) => value + 1)).toBe(3)
  })

  it('throws what `use` throws, and rejects with it behind a promise', async () => {
    const fail = (): never => {
      throw new Error('broken')
    }
    expect(() => chain(2, fail)).toThrow('broken')
    await expect(chain(Promise.resolve(2), fail)).rejects.toThrow('broken')
    await expect(chain(Promise.reject(new Error('down')), () => 1)).rejects.toThrow('down')
  })

  type Then = (resolve: (value: number) => unknown, reject: (error: Error) => unknown) => unknown

  it.each<[string, Then]>([
    [
      'calls back twice',
      (resolve) => {
        resolve(2)
        return resolve(5)
      },
    ],
    [
      'answers nothing',
      (resolve) => {
        resolve(2)
      },
    ],
    [
      'calls back and fails after it',
      (resolve, reject) => {
        resolve(2)
        reject(new Error('late'))
        throw new Error('later')
      },
    ],
  ])('uses a value once, of a thenable that %s', async (_what, then) => {
    const use = vi.fn((value: number) => value + 1)
    const thenable = { then } as unknown as PromiseLike<number>
    const answer = chain(thenable, use)
    expect(answer).toBeInstanceOf(Promise)
    expect(await answer).toBe(3)
    expect(use.mock.calls).toEqual([[2]])
  })
})
