import type { NumberSink, NumberSource } from '../../src/limits/algorithm.ts'

interface Noted {
  readonly kind: 'instant' | 'amount'
  readonly value: number
}

/** Keeps the numbers of a state as they are. */
export class NumberList implements NumberSink {
  readonly noted: Noted[] = []

  instant(value: number): void {
    this.noted.push({ kind: 'instant', value })
  }

  amount(value: number): void {
    this.noted.push({ kind: 'amount', value })
  }
}

/** Gives the numbers of a list back, each of them only as what it was written as. */
export class NumberListReader implements NumberSource {
  readonly #left: Noted[]

  constructor({ noted }: NumberList) {
    this.#left = [...noted]
  }

  /** How many were not read yet. */
  get left(): number {
    return this.#left.length
  }

  instant(): number {
    return this.#next('instant')
  }

  amount(): number {
    return this.#next('amount')
  }

  #next(kind: Noted['kind']): number {
    const next = this.#left.shift()
    if (next?.kind === kind) return next.value
    throw new Error(`read as an ${kind} what was written as ${next?.kind ?? 'nothing'}`)
  }
}
