import { strict as assert } from 'node:assert'
import { ADVERSARIAL_SETS, randomKeys } from '../support/adversarial-keys.ts'
import { type Benchmark, type Figures, type Run, scaled } from './benchmark.ts'
import type { ContestantName } from './contestants/contestant.ts'
import { COUNTERS, createCounter, maxKeysFor } from './contestants/contestants.ts'
import { decide, makeKeys, timed } from './decision-loop.ts'
import { collectGarbage } from './garbage.ts'
import { FreshTexts, type KeySource } from './key-source.ts'
import { median } from './statistics.ts'
import { spreadText } from './table.ts'

interface AdversarialSettings {
  readonly set: string
  readonly keys: number
  readonly decisions: number
}

const KEYS = 4096
const DECISIONS = 40_000
const LIMIT = 999_999_999
const WINDOW_MS = 3_600_000
/** Adversarial and random keys take turns, so often in one process. */
const TURNS = 3
/** Less than this a decision cannot take; a smaller difference of two times is noise, and no divisor. */
const LEAST_NS = 1

/** The names of the workloads, for code that looks up their figures. */
export const ADVERSARIAL_WORKLOADS: readonly string[] = ADVERSARIAL_SETS.map(({ name }) => name)

export const adversarial: Benchmark<AdversarialSettings> = {
  name: 'adversarial',
  summary: `nanoseconds a decision with ${KEYS} keys made to be slow, against random ones of equal length`,
  checked: 'as many distinct keys in both sets, all of one length, all held; every decision admitted',
  columns: [
    { figure: 'ratio', heading: 'times random', text: spreadText },
    { figure: 'adversarialNs', heading: 'ns adversarial', text: spreadText },
    { figure: 'randomNs', heading: 'ns random', text: spreadText },
  ],
  runs({ scale }) {
    return ADVERSARIAL_SETS.flatMap(({ name, nodeOptions }) =>
      COUNTERS.map((contestant): Run<AdversarialSettings> => {
        const keys = 2 ** Math.round(Math.log2(scaled(KEYS, scale, 64)))
        const settings = { set: name, keys, decisions: scaled(DECISIONS, scale, 1000) }
        return { workload: name, contestant, settings, ...(nodeOptions === undefined ? {} : { nodeOptions }) }
      }),
    )
  },
  measure,
}

async function measure(
  contestant: ContestantName,
  { set, keys, decisions }: AdversarialSettings,
  dist: string,
): Promise<Figures> {
  const chosen = ADVERSARIAL_SETS.find(({ name }) => name === set)
  assert.ok(chosen !== undefined, `there is no set called ${set}`)
  const adversarialKeys = chosen.keysOf(keys)
  const length = adversarialKeys[0]?.length ?? 0
  const settings = { dist, limit: LIMIT, windowMs: WINDOW_MS, maxKeys: maxKeysFor(keys) }
  const prepare = async (texts: readonly string[]): Promise<() => Promise<number>> => {
    assert.equal(new Set(texts).size, keys, 'as many distinct keys as there shall be')
    assert.ok(
      texts.every((text) => text.length === length),
      'all keys are of one length',
    )
    const source = new FreshTexts(texts)
    const counter = await createCounter(contestant, settings)
    assert.equal(await decide(counter, source, keys), keys, 'every key is admitted the first time')
    assert.equal(counter.size(), keys, 'every key has a count of its own')
    return () => decisionNs(() => decide(counter, source, decisions), source, decisions)
  }
  const measureRandom = await prepare(randomKeys(keys, length))
  const measureAdversarial = await prepare(adversarialKeys)
  await measureRandom()
  const [randomNs, adversarialNs]: [number[], number[]] = [[], []]
  for (let turn = 0; turn < TURNS; turn++) {
    randomNs.push(await measureRandom())
    adversarialNs.push(await measureAdversarial())
  }
  const figures = { adversarialNs: median(adversarialNs), randomNs: median(randomNs) }
  return { ratio: figures.adversarialNs / figures.randomNs, ...figures }
}

/** Nanoseconds of a decision without those of making its key. */
async function decisionNs(
  decideAll: () => number | Promise<number>,
  source: KeySource,
  decisions: number,
): Promise<number> {
  collectGarbage()
  const keys = await timed(decisions, () => makeKeys(source, decisions))
  const together = await timed(decisions, decideAll)
  assert.equal(together.returned, decisions, 'every decision is admitted')
  return Math.max(LEAST_NS, together.ns - keys.ns)
}
