// Makes one call of the script of several operations.
//
// Twin: src/stores/redis/scripts/batch.lua

import type { FirstIds } from '../../limits/algorithm.ts'
import type { Charge } from '../store.ts'
import type { OperationForm } from './operation-form.ts'
import { answersOf, failureOf } from './reply.ts'

/** An operation on one key, and the promise of its caller. */
export interface Operation {
  /** The key in Redis. */
  readonly key: string
  readonly form: OperationForm
  /** The charge of a decision. Nothing is sent for a charge that is abandoned. */
  readonly charge: Charge | undefined
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: unknown) => void
}

/** The words of a call of the script, after its digest or its text. */
export interface ScriptCall {
  readonly keys: readonly string[]
  readonly args: readonly string[]
}

/**
 * The code of the character that stands for a form is the place of the form among the arguments, plus this
 * number: so the characters are printable ASCII, and take one byte. The script has the same number.
 */
const FORM_CODE = 32

/** The time, the first id and the characters of the forms come before the forms. */
const FIRST_FORM = 4

/** Of all operations of a batch together: Redis serves nobody else meanwhile. docs/decisions/redis-in-batches.md says why. */
const MOST_LIMITS = 32

/** Operations that go out in one call, in the order in which they were asked. */
export class Batch {
  #operations: Operation[] = []
  #limits = 0

  get size(): number {
    return this.#operations.length
  }

  add(operation: Operation): void {
    this.#operations.push(operation)
    this.#limits += operation.form.limits
  }

  hasRoomFor({ limits }: OperationForm): boolean {
    return this.#limits + limits <= MOST_LIMITS
  }

  /**
   * Rejects the operations whose charges are abandoned. They are no longer part of the batch. Answers whether there were
   * any.
   */
  withdrawAbandoned(): boolean {
    if (!this.#operations.some(isAbandoned)) return false
    const late = new Error('the deadline passed before the charge was sent')
    for (const operation of this.#operations) if (isAbandoned(operation)) operation.reject(late)
    this.#operations = this.#operations.filter((operation) => !isAbandoned(operation))
    return true
  }

  /** @param time in a test whole milliseconds, else an empty text */
  call(time: string, firstIds: FirstIds): ScriptCall {
    const keys: string[] = []
    const args = [time, String(firstIds.next(this.#operations.length)), '']
    const places = new Map<string, number>()
    const codes: number[] = []
    let last: string | undefined
    let lastCode = 0
    for (const { key, form } of this.#operations) {
      const { text } = form
      // Most batches have one form.
      if (text !== last) {
        let place = places.get(text)
        if (place === undefined) {
          place = args.push(text)
          places.set(text, place)
        }
        last = text
        lastCode = FORM_CODE + place
      }
      keys.push(key)
      codes.push(lastCode)
    }
    args[FIRST_FORM - 2] = String.fromCharCode(...codes)
    return { keys, args }
  }

  /** Resolves each operation with its own answer, or rejects it. */
  answered(reply: unknown): void {
    const answers = answersOf(reply, this.size)
    let at = 0
    for (const { resolve, reject } of this.#operations) {
      const answer = answers[at++]
      const failure = failureOf(answer)
      if (failure === undefined) resolve(answer)
      else reject(failure)
    }
  }

  failed(error: unknown): void {
    for (const { reject } of this.#operations) reject(error)
  }

  /** A batch for each operation. */
  split(): Batch[] {
    return this.#operations.map((operation) => {
      const batch = new Batch()
      batch.add(operation)
      return batch
    })
  }
}

function isAbandoned({ charge }: Operation): boolean {
  return charge?.isAbandoned === true
}
