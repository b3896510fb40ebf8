/*
 * The rules of the conformance suite that a store of express-rate-limit does not keep, as the list of docs/migrating.md.
 * Print it with: npx tsx test/stores/express-rate-limit/unkept-rules.ts
 */
import { fileURLToPath } from 'node:url'
import { MemoryStore, type Store } from '../../../src/index.ts'
import type { StoreCapabilities } from '../../../src/stores/store.ts'
import { failuresOf, registeredCases } from '../../tools/testing/conformance-run.ts'
import { memoryStoreOnClock, readDatesFromSystem } from './memory-store-on-clock.ts'

/** What a store of express-rate-limit cannot do, one thing after another. */
const MISSING: readonly (readonly [heading: string, missing: Partial<StoreCapabilities>])[] = [
  ['Several limits in a class', { severalLimits: false }],
  ['Algorithms other than the fixed window', { algorithms: ['fixed-window'] }],
  ['Bans', { bans: false }],
  ['Costs above one unit, and settlements', { unitCostOnly: true }],
]

/** The titles of the rules for a store that lacks something of a MemoryStore. */
function titlesWithout(missing: Partial<StoreCapabilities>): ReadonlySet<string> {
  const cases = registeredCases((clock): Store => {
    const store = new MemoryStore({ clock })
    return Object.assign(store, { capabilities: { ...store.capabilities, ...missing } })
  })
  return new Set(cases.map(({ title }) => title))
}

/** The rules that such a store is tested for, and does not keep. */
async function failedTitles(): Promise<readonly string[]> {
  try {
    const failures = await failuresOf(registeredCases(memoryStoreOnClock))
    return [...failures.keys()].map(({ title }) => title)
  } finally {
    readDatesFromSystem()
  }
}

/** The rules as lists of Markdown, each below what they need. */
export async function unkeptRules(): Promise<string> {
  const lists: (readonly [string, readonly string[]])[] = []
  let lacks: Partial<StoreCapabilities> = {}
  for (const [heading, missing] of MISSING) {
    const before = titlesWithout(lacks)
    lacks = { ...lacks, ...missing }
    const after = titlesWithout(lacks)
    lists.push([heading, [...before].filter((title) => !after.has(title))])
  }
  lists.push(['Refusals and refunds, and clocks', await failedTitles()])
  return lists
    .map(([heading, titles]) => `**${heading}**\n\n${titles.map((title) => `- ${title}`).join('\n')}`)
    .join('\n\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await unkeptRules())
