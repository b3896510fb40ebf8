import type { Limit } from '../limits/limit.ts'

/**
 * The text of a policy, of one member for each limit. It never changes, and is made once for each compiled
 * array of limits instead of once a request.
 */
export function policyTexts(memberOf: (limit: Limit) => string): (limits: readonly Limit[]) => string {
  const texts = new WeakMap<readonly Limit[], string>()
  return (limits) => {
    let text = texts.get(limits)
    if (text === undefined) {
      text = limits.map(memberOf).join(', ')
      texts.set(limits, text)
    }
    return text
  }
}
