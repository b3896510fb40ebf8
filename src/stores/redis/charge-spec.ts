import type { BanRule } from '../../limits/ban.ts'
import type { Limit } from '../../limits/limit.ts'
import type { Charge } from '../store.ts'
import { escaped } from './redis-key.ts'

/** What the deciding script is told of the limits of a charge. */
export interface ChargeSpec {
  readonly ban: BanRule | undefined
  /** The limits, and the ban rule where there is one, in JSON. */
  readonly text: string
  /** Where all there is is one fixed window: its name, units, window and time to live. */
  readonly oneWindow: readonly string[] | undefined
}

/** What scripts are told of the limits of charges, and of their ban rule: made once for each. */
export class ChargeSpecs {
  readonly #limits = new WeakMap<readonly Limit[], string>()
  readonly #decide = new WeakMap<readonly Limit[], ChargeSpec>()

  /** For the script that decides. */
  of({ limits, ban }: Charge): ChargeSpec {
    const known = this.#decide.get(limits)
    if (known !== undefined && known.ban === ban) return known
    const rule = ban === undefined ? '' : `,"ban":${JSON.stringify(ruleOf(ban))}`
    const text = `{"limits":${this.#listed(limits)}${rule}}`
    const spec = { ban, text, oneWindow: ban === undefined ? oneWindowOf(limits) : undefined }
    this.#decide.set(limits, spec)
    return spec
  }

  /** For the script that refunds. */
  ofLimits(limits: readonly Limit[]): string {
    return `{"limits":${this.#listed(limits)}}`
  }

  #listed(limits: readonly Limit[]): string {
    let text = this.#limits.get(limits)
    if (text === undefined) {
      text = JSON.stringify(
        limits.map(({ name, algorithm, limit, windowMs, burst, ttlMs }) => [
          encodeName(name),
          algorithm,
          ...[limit, windowMs, burst, ttlMs],
        ]),
      )
      this.#limits.set(limits, text)
    }
    return text
  }
}

function oneWindowOf([only, ...others]: readonly Limit[]): readonly string[] | undefined {
  if (only?.algorithm !== 'fixed-window' || others.length > 0) return undefined
  return [encodeName(only.name), ...[only.limit, only.windowMs, only.ttlMs].map(String)]
}

/** Names are compared, never shown. Escaped, for what JSON of Lua does not read: a lone surrogate. */
function encodeName(name: string): string {
  return name.replace(/[^!-$&-~]/g, escaped)
}

function ruleOf({ refusals, forMs }: BanRule): readonly number[] {
  return [refusals.limit, refusals.windowMs, forMs]
}
