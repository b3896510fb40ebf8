import type { NumberSink, NumberSource } from '../../src/limits/algorithm.ts'

interface RecordedNumber {
  readonly kind: 'instant' | 'amount'
  readonly value: number
}

/** Records the numbers of a state. */
export class NumberList implements NumberSink {
  readonly recorded: RecordedNumber[] = []

  instant(value: number): void {
    this.recorded.push({ kind: 'instant', value })
  }

  amount(value: number): void {
    this.recorded.push({ kind: 'amount', value })
  }
}

/**
 * Reads the numbers of a list. Throws if a number is read as another kind than the kind it was written as.
 */
export class NumberListReader implements NumberSource {
  readonly #unread: RecordedNumber[]

  constructor({ recorded }: NumberList) {
    this.#unread = [...recorded]
  }

  get unreadCount(): number {
    return this.#unread.length
  }

  instant(): number {
    return this.#next('instant')
  }

  amount(): number {
    return this.#next('amount')
  }

  #next(kind: RecordedNumber['kind']): number {
    const next = this.#unread.shift()
    if (next?.kind === kind) return next.value
    throw new Error(`A number was read as '${kind}', but it was written as '${next?.kind ?? 'nothing'}'.`)
  }
}
