import { strict as assert } from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Benchmark, countText, type Figures, type Run, scaled } from './benchmark.ts'
import type { ContestantName, Counter } from './contestants/contestant.ts'
import { COUNTERS, createCounter, maxKeysFor } from './contestants/contestants.ts'
import { decide } from './decision-loop.ts'
import { bytesInUse } from './garbage.ts'
import { FreshKeys } from './key-source.ts'
import { figureText, spreadText } from './table.ts'

interface MemorySettings {
  readonly keys: number
  readonly windowMs: number
  /** Whether to wait until the clients are forgotten, and look at what is left. */
  readonly silence: boolean
}

const LIMIT = 1000
const LONG_WINDOW_MS = 3_600_000
const SHORT_WINDOW_MS = 2000
/** Two windows are what the slowest of them needs; a busy machine may need longer. */
const LONGEST_WAIT_MS = 30_000
const POLL_MS = 20

/** The name of a workload, for code that looks up its figures. */
export function memoryWorkload(keys: 1_000_000 | 10_000_000): string {
  return `${countText(keys)} clients`
}

const AFTER_SILENCE = `${memoryWorkload(1_000_000)}, then silence`

export const memory: Benchmark<MemorySettings> = {
  name: 'memory',
  summary: 'bytes a client (V8 heap and array buffers after garbage collection), and what silence leaves',
  checked: 'every client admitted and held at the end, none evicted; after the silence, none held',
  columns: [
    { figure: 'bytesPerClient', heading: 'bytes a client', text: spreadText },
    { figure: 'totalMiB', heading: 'MiB', text: ({ median }) => figureText(median) },
    { figure: 'secondsUntilEmpty', heading: 's until empty', text: secondsText },
  ],
  runs({ scale }) {
    const windowMs = scaled(SHORT_WINDOW_MS, scale, 200)
    const bytesRuns = (keys: 1_000_000 | 10_000_000): Run<MemorySettings>[] =>
      COUNTERS.map((contestant) => ({
        workload: memoryWorkload(keys),
        contestant,
        settings: { keys: scaled(keys, scale, 1000), windowMs: LONG_WINDOW_MS, silence: false },
        nodeOptions: ['--max-old-space-size=12000'],
        mayBeLeftOut: keys > 1_000_000 && contestant !== 'express-tollgate',
      }))
    const silenceRuns = COUNTERS.map((contestant): Run<MemorySettings> => {
      const settings = { keys: scaled(1_000_000, scale, 1000), windowMs, silence: true }
      return { workload: AFTER_SILENCE, contestant, settings }
    })
    return [...bytesRuns(1_000_000), ...silenceRuns, ...bytesRuns(10_000_000)]
  },
  measure,
}

async function measure(
  contestant: ContestantName,
  { keys, windowMs, silence }: MemorySettings,
  dist: string,
): Promise<Figures> {
  const settings = { dist, limit: LIMIT, windowMs, maxKeys: maxKeysFor(keys) }
  await warmUp(contestant, { ...settings, windowMs: LONG_WINDOW_MS })
  const before = bytesInUse()
  const counter = await createCounter(contestant, settings)
  assert.equal(await decide(counter, new FreshKeys(keys), keys), keys, 'every client is admitted')
  assert.equal(counter.stats?.()?.unexpiredEvictions ?? 0, 0, 'no client is evicted')
  const waited = silence ? { secondsUntilEmpty: await silenceAfter(contestant, counter, windowMs) } : {}
  if (!silence) assert.equal(counter.size(), keys, 'every client is held')
  const bytes = bytesInUse() - before
  // Whatever lives on through this call is still in use when it is counted.
  counter.close()
  return { bytesPerClient: bytes / keys, totalMiB: bytes / 2 ** 20, ...waited }
}

/** So that compiled code and the like is there before anything is counted. */
async function warmUp(
  contestant: ContestantName,
  settings: Parameters<typeof createCounter>[1],
): Promise<void> {
  const counter = await createCounter(contestant, settings)
  await decide(counter, new FreshKeys(1000), 10_000)
  counter.close()
}

/** Seconds until a store has forgotten its clients by itself; -1 for the one that never does. */
async function silenceAfter(contestant: ContestantName, counter: Counter, windowMs: number): Promise<number> {
  if (contestant === 'bare Map') return -1
  return (await untilEmpty(counter, windowMs)) / 1000
}

/** Milliseconds until a store holds no client. */
export async function untilEmpty(counter: Counter, windowMs: number): Promise<number> {
  const began = performance.now()
  while (counter.size() > 0) {
    const waitedMs = performance.now() - began
    assert.ok(
      waitedMs < 3 * windowMs + LONGEST_WAIT_MS,
      `after ${waitedMs} ms of silence it still holds ${counter.size()} clients`,
    )
    await sleep(POLL_MS)
  }
  return performance.now() - began
}

function secondsText({ median }: { readonly median: number }): string {
  return median < 0 ? 'never' : figureText(median)
}
