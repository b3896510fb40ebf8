import { type Limit, quotaOf } from '../limits/limit.ts'
import { appendToList, type HeaderTarget } from './header-format.ts'
import { wholeSeconds } from './seconds.ts'

/** `RateLimit-Policy` as drafts 6 and 7 spell it: `100;w=60`, one item for each limit. */
export function writeWindowPolicy(target: HeaderTarget, limits: readonly Limit[]): void {
  const items = limits.map(quotaOf).map(({ units, windowMs }) => `${units};w=${wholeSeconds(windowMs)}`)
  appendToList(target, 'RateLimit-Policy', items.join(', '))
}
