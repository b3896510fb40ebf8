import type { Counter, DirectCounter, PromisingCounter } from './contestants/contestant.ts'
import type { KeySource } from './key-source.ts'

/** Asks a counter so many times, and answers how often it admitted. Promises are awaited one by one. */
export function decide(counter: Counter, keys: KeySource, decisions: number): number | Promise<number> {
  return counter.answers === 'directly'
    ? decideDirectly(counter, keys, decisions)
    : decideWithPromises(counter, keys, decisions)
}

function decideDirectly(counter: DirectCounter, keys: KeySource, decisions: number): number {
  let admitted = 0
  for (let turn = 0; turn < decisions; turn++) {
    if (counter.isAdmitted(counter.ask(keys.next()))) admitted++
  }
  return admitted
}

async function decideWithPromises(
  counter: PromisingCounter,
  keys: KeySource,
  decisions: number,
): Promise<number> {
  let admitted = 0
  for (let turn = 0; turn < decisions; turn++) {
    if (counter.isAdmitted(await counter.ask(keys.next()))) admitted++
  }
  return admitted
}

/** What a key costs before any store is asked: this part of the measured time belongs to no store. */
export function makeKeys(keys: KeySource, decisions: number): number {
  let characters = 0
  for (let turn = 0; turn < decisions; turn++) characters += keys.next().length
  return characters
}

/** Nanoseconds for each of so many turns of `work`, and what it returned. */
export async function timed<T>(
  turns: number,
  work: () => T | Promise<T>,
): Promise<{ readonly ns: number; readonly returned: T }> {
  const began = process.hrtime.bigint()
  const result = work()
  // Only a promise is awaited: for what is there already, the wait would be part of the time.
  const returned = result instanceof Promise ? await result : result
  return { ns: Number(process.hrtime.bigint() - began) / turns, returned }
}
