/**
 * The table of figures in README.md and docs/benchmarks.md, made of test/bench/results. Print it with:
 * npx tsx test/integration/readme/figures.ts
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { decisionWorkload } from '../../bench/decisions.ts'
import { memoryWorkload } from '../../bench/memory.ts'
import { pauseWorkload } from '../../bench/pauses.ts'
import { redisWorkload } from '../../bench/redis.ts'
import { requestWorkload } from '../../bench/requests.ts'
import { ROOT } from '../../support/project-files.ts'

interface ResultFile {
  readonly results: ReadonlyArray<{
    readonly workload: string
    readonly contestant: string
    readonly figures: Readonly<Record<string, { readonly median: number }>>
  }>
}

/** One row: what was measured, and by which file, workload and figure. */
interface Row {
  readonly title: string
  readonly file: 'decisions' | 'memory' | 'pauses' | 'redis' | 'requests' | 'throughput'
  readonly workload: string
  readonly figure: string
  readonly digits: number
  /** What cannot be done for less, with the name by which the table shows it. */
  readonly least: readonly [contestant: string, shown: string]
}

const REQUEST = {
  file: 'requests',
  figure: 'addedUs',
  digits: 1,
  least: ['bare headers', 'three headers'],
} as const
const REDIS = { file: 'redis', figure: 'perSecond', digits: 0, least: ['bare INCR', 'INCR'] } as const

const ROWS: readonly Row[] = [
  {
    title: 'bytes for one of a million clients',
    ...{ file: 'memory', workload: memoryWorkload(1_000_000), figure: 'bytesPerClient', digits: 0 },
    least: ['bare Map', 'a `Map`'],
  },
  {
    title: 'longest pause while a million clients come and expire, ms',
    ...{ file: 'pauses', workload: pauseWorkload(1_000_000), figure: 'longestPauseMs', digits: 0 },
    least: ['bare Map', 'a `Map`'],
  },
  {
    title: 'a decision with a million clients, ns',
    ...{ file: 'decisions', workload: decisionWorkload(1_000_000, 'fresh'), figure: 'decisionNs', digits: 0 },
    least: ['bare Map', 'a `Map`'],
  },
  {
    title: 'added to an Express 5 request, IPv4, \u00b5s',
    ...{ ...REQUEST, workload: requestWorkload('IPv4', '1000 clients', 'legacy') },
  },
  {
    title: 'added to an Express 5 request, IPv6, \u00b5s',
    ...{ ...REQUEST, workload: requestWorkload('IPv6', '1000 clients', 'legacy') },
  },
  {
    title: 'refusals a second',
    ...{ file: 'throughput', workload: 'refused', figure: 'perSecond', digits: 0 },
    least: ['bare 429, res.end', 'a bare 429'],
  },
  {
    title: 'decisions in Redis a second, ioredis',
    ...{ ...REDIS, workload: redisWorkload('admitted', 'ioredis') },
  },
  {
    title: 'decisions in Redis a second, node-redis',
    ...{ ...REDIS, workload: redisWorkload('admitted', 'node-redis') },
  },
]

/** The row of a table of Markdown. */
function rowText({ title, file, workload, figure, digits, least: [leastName, shown] }: Row): string {
  const text = readFileSync(join(ROOT, `test/bench/results/${file}.json`), 'utf8')
  const { results } = JSON.parse(text) as ResultFile
  const figureOf = (contestant: string): string => {
    const found = results.find((one) => one.workload === workload && one.contestant === contestant)
    const median = found?.figures[figure]?.median
    if (median === undefined) throw new Error(`${file}.json has no ${figure} of ${contestant} in ${workload}`)
    return median.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  }
  const others = [file === 'redis' ? 'rate-limit-redis' : 'express-rate-limit', 'rate-limiter-flexible']
  const cells = [figureOf('express-tollgate'), ...others.map(figureOf), `${figureOf(leastName)} (${shown})`]
  return `| ${title} | ${cells.join(' | ')} |`
}

/** The table as the pages have it. Of Redis, the column of express-rate-limit has rate-limit-redis. */
export function figuresTable(): string {
  return [
    '| measured | express-tollgate | express-rate-limit | rate-limiter-flexible | the least possible |',
    '|---|---|---|---|---|',
    ...ROWS.map(rowText),
  ].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(figuresTable())
