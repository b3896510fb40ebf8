import type { Limit } from '../limits/limit.ts'

/**
 * Compiles a function that makes the text of a policy, with one member for each limit. The text of a compiled
 * array of limits never changes, so it is made once and not for each request.
 */
export function cachedPolicyText(memberOf: (limit: Limit) => string): (limits: readonly Limit[]) => string {
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
