// Writes the limits and the ban rule of a charge as arguments of a script.
//
// Twin: src/stores/redis/scripts/decide.lua
// Twin: src/stores/redis/scripts/settle.lua
// Twin: src/stores/redis/scripts/single-window.lua
// Twin: src/stores/redis/scripts/stored-client.lua

import type { BanRule } from '../../limits/ban.ts'
import { type Limit, maxDebtOf } from '../../limits/limit.ts'
import type { Charge } from '../store.ts'
import { escapeCharacter } from './redis-key.ts'

/** The limits and the ban rule of a charge, as arguments of `scripts/decide.lua`. */
export interface ChargeSpec {
  readonly ban: BanRule | undefined
  /** The general form: the limits, and the ban rule if there is one, in JSON. */
  readonly json: string
  /**
   * The short form: name, units, window and time to live. Only of a charge on one fixed window without a ban
   * rule.
   */
  readonly shortForm: readonly string[] | undefined
}

/** Makes the arguments of a list of limits once and keeps them for its next charge. */
export class ChargeSpecs {
  readonly #limits = new WeakMap<readonly Limit[], string>()
  readonly #decide = new WeakMap<readonly Limit[], ChargeSpec>()

  /** For the script that decides. */
  of({ limits, ban }: Charge): ChargeSpec {
    const known = this.#decide.get(limits)
    if (known !== undefined && known.ban === ban) return known
    const rule = ban === undefined ? '' : `,"ban":${JSON.stringify(ruleOf(ban))}`
    const json = `{"limits":${this.#jsonOf(limits)}${rule}}`
    const spec = { ban, json, shortForm: ban === undefined ? shortFormOf(limits) : undefined }
    this.#decide.set(limits, spec)
    return spec
  }

  /** For the script that settles. */
  ofLimits(limits: readonly Limit[]): string {
    return `{"limits":${this.#jsonOf(limits)}}`
  }

  #jsonOf(limits: readonly Limit[]): string {
    let json = this.#limits.get(limits)
    if (json === undefined) {
      json = JSON.stringify(
        limits.map((limit) => [
          encodeName(limit.name),
          limit.algorithm,
          ...[limit.limit, limit.windowMs, limit.burst, limit.ttlMs, maxDebtOf(limit)],
        ]),
      )
      this.#limits.set(limits, json)
    }
    return json
  }
}

/** The short form of the stored value has 6 bytes for a time: see `scripts/stored-client.lua`. */
const LARGEST_SHORT_MS = 2 ** 46

function shortFormOf([only, ...others]: readonly Limit[]): readonly string[] | undefined {
  if (only?.algorithm !== 'fixed-window' || others.length > 0) return undefined
  if (Math.max(only.windowMs, only.ttlMs) > LARGEST_SHORT_MS) return undefined
  return [encodeName(only.name), ...[only.limit, only.windowMs, only.ttlMs].map(String)]
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
