import type { Limit } from '../limits/limit.ts'
import type { HeaderDescription } from '../limits/limiter-description.ts'
import { appendToList, type HeaderTarget } from './header-format.ts'
import { cachedPolicyText } from './policy-text.ts'
import { wholeSeconds } from './whole-seconds.ts'

const policyTextOf = cachedPolicyText((_limit, { units, windowMs }) => `${units};w=${wholeSeconds(windowMs)}`)

/** Writes the `RateLimit-Policy` of drafts 6 and 7: `100;w=60`, one item for each limit. These drafts have no units. */
export function writeWindowPolicy(
  target: HeaderTarget,
  limits: readonly Limit[],
  unit: string,
  nowMs: number,
): void {
  appendToList(target, 'RateLimit-Policy', policyTextOf(limits, unit, nowMs))
}

/** The field of {@link writeWindowPolicy}. */
export const WINDOW_POLICY_FIELD: HeaderDescription = {
  name: 'RateLimit-Policy',
  meaning: 'A list of the limits, each as its units and its window w in seconds: "100;w=60".',
  type: 'string',
  shows: 'policy',
}
