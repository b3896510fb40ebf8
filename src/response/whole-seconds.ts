/**
 * Rounds milliseconds up to whole seconds, so that no client comes back too early. The result is at least 1:
 * after 0 seconds a client would come back at once and be refused again.
 */
export function wholeSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000))
}
