// Gathers the operations that are asked in one turn of the event loop, and sends them to Redis together.

import type { FirstIds } from '../../limits/algorithm.ts'
import { nextTurn } from '../resilience/deadline.ts'
import type { Charge } from '../store.ts'
import { Batch, type ScriptCall } from './batch.ts'
import { isSlotOnTheMove } from './error-replies.ts'
import type { OperationForm } from './operation-form.ts'
import type { ScriptRunner } from './script-runner.ts'

/** What a batcher needs. */
export interface BatcherSettings {
  readonly scripts: ScriptRunner
  /** One call has keys of one slot only. */
  readonly slotOf: (key: string) => number
  /** In a test the time in whole milliseconds, else an empty text. */
  readonly time: () => string
  readonly firstIds: FirstIds
  /** See `RedisConnection.sendsFirstAlone`. */
  readonly sendsFirstAlone: boolean
}

/**
 * Gathers the operations that are asked in one turn of the event loop, and sends them at its end. So no operation
 * waits for a later one. A batch that is full is sent at once, or with `sendsFirstAlone` in the next turn.
 */
export class Batcher {
  readonly #settings: BatcherSettings
  /** What is gathered, for each slot. */
  readonly #gathered = new Map<number, Batch>()
  /** Batches that go out in the next turn. */
  #postponed: Batch[] = []
  #hasSentInThisTurn = false

  constructor(settings: BatcherSettings) {
    this.#settings = settings
  }

  /**
   * The answer to an operation.
   *
   * @param key the key in Redis
   * @param charge nothing is sent for a charge that is abandoned
   */
  run(key: string, form: OperationForm, charge?: Charge): Promise<unknown> {
    // Each operation waits for itself: one that waits for too long fails before its deadline, with the cause.
    const connecting = this.#settings.scripts.connecting()
    if (connecting === undefined) return this.#gather(key, form, charge)
    return connecting.then(() => this.#gather(key, form, charge))
  }

  #gather(key: string, form: OperationForm, charge: Charge | undefined): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const slot = this.#settings.slotOf(key)
      let batch = this.#gathered.get(slot)
      if (batch === undefined || !batch.hasRoomFor(form)) {
        if (batch !== undefined) this.#sendOrPostpone(batch)
        else if (this.#gathered.size === 0) nextTurn(() => this.#sendAll())
        batch = new Batch()
        this.#gathered.set(slot, batch)
      }
      batch.add({ key, form, charge, resolve, reject })
    })
  }

  #sendAll(): void {
    const batches = [...this.#gathered.values()]
    this.#gathered.clear()
    for (const batch of batches) this.#sendOrPostpone(batch)
  }

  /**
   * Where the client writes all commands of a turn together, Redis would answer them together too, and this process
   * would have nothing to do until then. So of several batches the first goes out alone, and the others in the next turn:
   * the process works on the first answers while Redis decides the rest.
   */
  #sendOrPostpone(batch: Batch): void {
    if (this.#hasSentInThisTurn) {
      this.#postponed.push(batch)
      return
    }
    void this.#send(batch)
    if (!this.#settings.sendsFirstAlone) return
    this.#hasSentInThisTurn = true
    nextTurn(() => this.#sendPostponed())
  }

  #sendPostponed(): void {
    this.#hasSentInThisTurn = false
    const batches = this.#postponed
    this.#postponed = []
    for (const batch of batches) void this.#send(batch)
  }

  async #send(batch: Batch): Promise<void> {
    const { scripts, time, firstIds } = this.#settings
    let call: ScriptCall | undefined
    const remainingCall = (): ScriptCall | undefined => {
      if (batch.withdrawAbandoned() || call === undefined) call = batch.call(time(), firstIds)
      return batch.size === 0 ? undefined : call
    }
    try {
      batch.answered(await scripts.run(remainingCall))
    } catch (error) {
      // Redis has run nothing. A call with one key goes to where that key is.
      if (batch.size > 1 && isSlotOnTheMove(error)) for (const one of batch.split()) void this.#send(one)
      else batch.failed(error)
    }
  }
}
