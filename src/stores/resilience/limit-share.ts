import { type Limit, quotaOf } from '../../limits/limit.ts'

/** A part of a limit, of which one unit is the least. */
export function shareOf(whole: Limit, share: number): Limit {
  const part = (units: number): number => Math.max(1, Math.floor(units * share))
  const { windowMs } = whole
  const shared = { limit: part(whole.limit), burst: part(whole.burst), windowMs }
  // A bucket of few units can take longer to fill than the whole one.
  const longerMs = Math.max(0, quotaOf(shared).windowMs - quotaOf(whole).windowMs)
  return { ...whole, ...shared, ttlMs: Math.ceil(whole.ttlMs + longerMs) }
}
