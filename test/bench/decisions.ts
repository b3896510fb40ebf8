import { strict as assert } from 'node:assert'
import { AddressKeys } from './address-keys.ts'
import { type Benchmark, countText, type Figures, type Run, scaled } from './benchmark.ts'
import type { ContestantName, Counter } from './contestants/contestant.ts'
import { COUNTERS, createCounter, maxKeysFor } from './contestants/contestants.ts'
import { decide, makeKeys, timed } from './decision-loop.ts'
import { collectGarbage } from './garbage.ts'
import { FreshKeys, type KeySource, ReusedKeys } from './key-source.ts'
import { PseudoRandomOrder } from './pseudo-random-order.ts'
import { spreadText } from './table.ts'

interface DecisionSettings {
  readonly keys: number
  readonly strings: Strings
  readonly decisions: number
}

type Strings = 'fresh' | 'reused'

const KEY_COUNTS = [1, 100_000, 1_000_000, 5_000_000] as const
const DECISIONS = 1_000_000
/** More than anybody is asked for: all must be admitted. */
const LIMIT = 999_999_999
const WINDOW_MS = 3_600_000
const ASKED_AGAIN = 64

/** The name of a workload, for code that looks up its figures. */
export function decisionWorkload(keys: (typeof KEY_COUNTS)[number], strings: Strings): string {
  return `${countText(keys)} ${keys === 1 ? 'key' : 'keys'}, ${strings} strings`
}

export const decisions: Benchmark<DecisionSettings> = {
  name: 'decisions',
  summary: 'nanoseconds a decision of the store alone, and those of making the key, which are taken off',
  checked:
    'every decision admitted, as many keys held as were asked for, and of a sample exactly the units used',
  columns: [
    { figure: 'decisionNs', heading: 'ns a decision', text: spreadText },
    { figure: 'keyNs', heading: 'ns for the key', text: spreadText },
    { figure: 'togetherNs', heading: 'ns together', text: spreadText },
  ],
  runs({ scale }) {
    return KEY_COUNTS.flatMap((keys) =>
      (['fresh', 'reused'] as const).flatMap((strings) =>
        COUNTERS.map((contestant): Run<DecisionSettings> => {
          const settings = {
            keys: scaled(keys, scale, 100),
            strings,
            decisions: scaled(DECISIONS, scale, 1000),
          }
          return { workload: decisionWorkload(keys, strings), contestant, settings }
        }),
      ),
    )
  },
  measure,
}

async function measure(
  contestant: ContestantName,
  settings: DecisionSettings,
  dist: string,
): Promise<Figures> {
  const { keys, decisions: timedDecisions } = settings
  const maxKeys = maxKeysFor(keys)
  const counter = await createCounter(contestant, { dist, limit: LIMIT, windowMs: WINDOW_MS, maxKeys })
  const source = sourceOf(settings)
  const warmUp = Math.ceil(timedDecisions / 4)

  assert.equal(await decide(counter, source, keys), keys, 'every key is admitted the first time')
  assert.equal(counter.size(), keys, 'as many keys are held as there are')
  makeKeys(source, warmUp)
  assert.equal(await decide(counter, source, warmUp), warmUp, 'every decision of the warm-up is admitted')
  collectGarbage()
  const key = await timed(timedDecisions, () => makeKeys(source, timedDecisions))
  collectGarbage()
  const together = await timed(timedDecisions, () => decide(counter, source, timedDecisions))

  assert.ok(key.returned >= timedDecisions * 'default:read:10.0.0.0'.length, 'every key was made')
  assert.equal(together.returned, timedDecisions, 'every decision is admitted')
  assert.equal(counter.size(), keys, 'no key came or went while the clock ran')
  await checkUse(counter, settings, warmUp)
  counter.close()
  return { decisionNs: together.ns - key.ns, keyNs: key.ns, togetherNs: together.ns }
}

function sourceOf({ keys, strings }: DecisionSettings): KeySource {
  if (strings === 'fresh') return new FreshKeys(keys)
  const addresses = new AddressKeys()
  return new ReusedKeys(Array.from({ length: keys }, (_, index) => addresses.fresh(index)))
}

/** Goes through the order of the run once more, counts, and asks some clients what they have used. */
async function checkUse(counter: Counter, settings: DecisionSettings, warmUp: number): Promise<void> {
  const { keys, decisions: timedDecisions } = settings
  const order = new PseudoRandomOrder(keys)
  const expected = new Uint32Array(keys)
  const visit = (turns: number, weight: number): void => {
    for (let turn = 0; turn < turns; turn++) {
      const index = order.next()
      expected[index] = (expected[index] ?? 0) + weight
    }
  }
  // In the order of `measure`: where keys were only made, no store was asked.
  visit(keys, 1)
  visit(warmUp, 0)
  visit(warmUp, 1)
  visit(timedDecisions, 0)
  visit(timedDecisions, 1)
  const addresses = new AddressKeys()
  for (let asked = 0; asked < ASKED_AGAIN; asked++) {
    const index = Math.floor((asked * keys) / ASKED_AGAIN)
    const answer = await counter.ask(addresses.fresh(index))
    expected[index] = (expected[index] ?? 0) + 1
    assert.equal(counter.usedOf(answer), expected[index], `client ${index} has used what it asked for`)
  }
}
