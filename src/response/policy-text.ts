import type { Limit } from '../limits/limit.ts'

/**
 * Compiles a function that makes the text of a policy, with one member for each limit. The text of a compiled
 * array of limits and its unit never change, so it is made once and not for each request.
 */
export function cachedPolicyText(
  memberOf: (limit: Limit, unit: string) => string,
): (limits: readonly Limit[], unit: string) => string {
  const texts = new WeakMap<readonly Limit[], string>()
  return (limits, unit) => {
    let text = texts.get(limits)
    if (text === undefined) {
      text = limits.map((limit) => memberOf(limit, unit)).join(', ')
      texts.set(limits, text)
    }
    return text
  }
}
