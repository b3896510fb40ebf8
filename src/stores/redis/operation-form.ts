// Writes an operation for the script.
//
// Twin: src/stores/redis/scripts/batch.lua
// Twin: src/stores/redis/scripts/block.lua
// Twin: src/stores/redis/scripts/decide.lua
// Twin: src/stores/redis/scripts/settle.lua
// Twin: src/stores/redis/scripts/single-window.lua
// Twin: src/stores/redis/scripts/stored-client.lua

import type { ChargeRecord } from '../../limits/algorithm.ts'
import type { BanRule } from '../../limits/ban.ts'
import { type Limit, maxDebtOf } from '../../limits/limit.ts'
import { escapeCharacter } from '../plain-key.ts'
import type { Charge } from '../store.ts'
import { WindowEdges } from './window-edges.ts'

/** What the script has to do with a key. Operations with equal texts share one argument of a call. */
export interface OperationForm {
  /** JSON in ASCII. */
  readonly text: string
  /** How many limits it concerns, at least 1. A call has a most of them: see `batch.ts`. */
  readonly limits: number
}

/** A list of limits in JSON. */
interface LimitsText {
  readonly text: string
  /** The hour for which it is right, as {@link WindowEdges.hour} counts. Undefined without calendar windows. */
  readonly hour: number | undefined
}

/** The last form that was made of a list of limits. */
interface ChargeForm extends OperationForm {
  readonly ban: BanRule | undefined
  readonly cost: number
  readonly limitsText: LimitsText
}

/** Writes operations. What depends on a list of limits alone is written once. */
export class OperationForms {
  readonly #limits = new WeakMap<readonly Limit[], LimitsText>()
  readonly #charges = new WeakMap<readonly Limit[], ChargeForm>()
  readonly #edges: WindowEdges

  /** @param wallNow milliseconds since the epoch, by the clock of this process */
  constructor(wallNow: () => number) {
    this.#edges = new WindowEdges(wallNow)
  }

  /** Keeps the form for the next charge of the same limits, ban rule and cost. */
  consume(charge: Charge): OperationForm {
    const { limits, ban, cost } = charge
    const known = this.#charges.get(limits)
    if (known !== undefined && known.ban === ban && known.cost === cost && this.#isRight(known.limitsText)) {
      return known
    }
    const form = { ...this.#ofCharge('consume', charge), ban, cost, limitsText: this.#textOf(limits) }
    this.#charges.set(limits, form)
    return form
  }

  peek(charge: Charge): OperationForm {
    return this.#ofCharge('peek', charge)
  }

  /**
   * @param records what is recorded of the charge, for each limit
   * @param cost the units to which it is settled
   */
  settle(limits: readonly Limit[], records: readonly ChargeRecord[], cost: number): OperationForm {
    const parts = `"cost":${cost},"limits":${this.#textOf(limits).text},"records":${JSON.stringify(records)}`
    return { text: `{"run":"settle",${parts}}`, limits: limits.length }
  }

  block(forMs: number): OperationForm {
    return { text: `{"run":"block","ms":${forMs}}`, limits: 1 }
  }

  unblock(): OperationForm {
    return { text: '{"run":"unblock"}', limits: 1 }
  }

  #ofCharge(run: 'consume' | 'peek', { limits, ban, cost }: Charge): OperationForm {
    const single = run === 'consume' && ban === undefined ? singleWindowOf(limits) : undefined
    if (single !== undefined) return { text: singleWindowText(single, cost), limits: 1 }
    const rule = ban === undefined ? '' : `,"ban":${JSON.stringify(ruleOf(ban))}`
    return {
      text: `{"run":"${run}","cost":${cost},"limits":${this.#textOf(limits).text}${rule}}`,
      limits: limits.length,
    }
  }

  #textOf(limits: readonly Limit[]): LimitsText {
    const known = this.#limits.get(limits)
    if (known !== undefined && this.#isRight(known)) return known
    const hasCalendar = limits.some(({ calendar }) => calendar !== undefined)
    const hour = hasCalendar ? this.#edges.hour : undefined
    const made = { text: JSON.stringify(limits.map((limit) => partsOf(limit, this.#edges))), hour }
    this.#limits.set(limits, made)
    return made
  }

  #isRight({ hour }: LimitsText): boolean {
    return hour === undefined || hour === this.#edges.hour
  }
}

/** A limit as the script reads it. In place of the window of a calendar limit comes the name of the calendar. */
function partsOf(limit: Limit, edges: WindowEdges): readonly unknown[] {
  const { name, algorithm, windowMs, calendar } = limit
  const amounts = [limit.burst, limit.ttlMs, maxDebtOf(limit)]
  const parts = [encodeName(name), algorithm, limit.limit, calendar?.id ?? windowMs, ...amounts]
  return calendar === undefined ? parts : [...parts, windowMs, edges.of(calendar)]
}

/** The short form of the stored value has 6 bytes for a time: see `scripts/stored-client.lua`. */
const LARGEST_SHORT_MS = 2 ** 46

/** The only limit, if `scripts/single-window.lua` can decide on it. */
function singleWindowOf([only, ...others]: readonly Limit[]): Limit | undefined {
  if (only?.algorithm !== 'fixed-window' || others.length > 0) return undefined
  return Math.max(only.windowMs, only.ttlMs) > LARGEST_SHORT_MS ? undefined : only
}

/** A shorter form than that of other charges: the script takes less time to read it. */
function singleWindowText({ limit, windowMs, ttlMs, name }: Limit, cost: number): string {
  return JSON.stringify([cost, limit, windowMs, String(ttlMs), encodeName(name)])
}

/**
 * A name in printable ASCII. Scripts only compare names. The JSON decoder of Lua does not accept every name:
 * not one with a lone surrogate.
 */
function encodeName(name: string): string {
  return name.replace(/[^!-$&-~]/g, escapeCharacter)
}

function ruleOf({ refusals, forMs }: BanRule): readonly number[] {
  return [refusals.limit, refusals.windowMs, forMs]
}
