/**
 * Whole seconds that cover `ms`: rounded up, so that nobody is told to come back too early, and at least 1,
 * so that nobody is told to come back at once and refused again.
 */
export function wholeSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000))
}
