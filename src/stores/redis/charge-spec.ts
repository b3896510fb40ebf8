import type { BanRule } from '../../limits/ban.ts'
import type { Limit } from '../../limits/limit.ts'
import type { Charge } from '../store.ts'

/** What scripts are told of the limits of charges, and of their ban rule: JSON, made once for each. */
export class ChargeSpecs {
  readonly #limits = new WeakMap<readonly Limit[], string>()
  readonly #decide = new WeakMap<
    readonly Limit[],
    { readonly ban: BanRule | undefined; readonly text: string }
  >()

  /** For the script that decides. */
  of({ limits, ban }: Charge): string {
    const known = this.#decide.get(limits)
    if (known !== undefined && known.ban === ban) return known.text
    const rule = ban === undefined ? '' : `,"ban":${JSON.stringify(ruleOf(ban))}`
    const text = `{"limits":${this.#listed(limits)}${rule}}`
    this.#decide.set(limits, { ban, text })
    return text
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

/** Names are compared, never shown. Escaped, for what JSON of Lua does not read: a lone surrogate. */
function encodeName(name: string): string {
  return name.replace(/[^!-$&-~]/g, (one) => `%${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function ruleOf({ refusals, forMs }: BanRule): readonly number[] {
  return [refusals.limit, refusals.windowMs, forMs]
}
