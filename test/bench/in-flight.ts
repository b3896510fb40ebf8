import type { RedisCounter } from './contestants/contestant.ts'
import type { KeySource } from './key-source.ts'

/**
 * Asks a counter so many times, never more than `inFlight` at once, and answers how often it admitted.
 *
 * @param latencies receives how long each answer took, in milliseconds
 */
export async function askInFlight(
  counter: RedisCounter,
  keys: Pick<KeySource, 'next'>,
  decisions: number,
  inFlight: number,
  latencies?: number[],
): Promise<number> {
  let asked = 0
  let admitted = 0
  const askInTurn = async (): Promise<void> => {
    while (asked < decisions) {
      asked++
      const askedAtMs = latencies === undefined ? 0 : performance.now()
      try {
        if (counter.isAdmitted(await counter.ask(keys.next()))) admitted++
      } catch (refusal) {
        if (refusal instanceof Error) throw refusal
      }
      latencies?.push(performance.now() - askedAtMs)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, askInTurn))
  return admitted
}
