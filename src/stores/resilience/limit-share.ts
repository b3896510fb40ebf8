import { type Limit, quotaOf } from '../../limits/limit.ts'

/** A part of a limit, with at least one unit. */
export function shareOf(whole: Limit, share: number): Limit {
  const part = (units: number): number => Math.max(1, Math.floor(units * share))
  const { windowMs } = whole
  const shared = { limit: part(whole.limit), burst: part(whole.burst), windowMs }
  // A part is rounded down to whole units. So its bucket can take longer to fill than the bucket of the whole
  // limit.
  const longerMs = Math.max(0, quotaOf(shared).windowMs - quotaOf(whole).windowMs)
  const debt = whole.maxDebt === undefined ? undefined : { maxDebt: Math.floor(whole.maxDebt * share) }
  return { ...whole, ...shared, ...debt, ttlMs: Math.ceil(whole.ttlMs + longerMs) }
}
