import { describe, expect, it } from 'vitest'
import { ADVERSARIAL_WORKLOADS } from './adversarial.ts'
import type { Result } from './benchmark.ts'
import type { ContestantName } from './contestants/contestant.ts'
import { decisionWorkload } from './decisions.ts'
import { FLOOD_WORKLOAD } from './flood.ts'
import { checkGoals, goalsText } from './goals.ts'
import { memoryWorkload } from './memory.ts'
import { OUTAGE_WORKLOAD } from './outage.ts'
import { pauseWorkload } from './pauses.ts'
import { redisWorkload } from './redis.ts'
import { redisAppWorkload } from './redis-throughput.ts'
import { requestWorkload } from './requests.ts'
import { spreadOf } from './statistics.ts'

const FRESH = decisionWorkload(1_000_000, 'fresh')
const IPV4 = requestWorkload('IPv4', '1000 clients', 'legacy')
const throughWay = (way: 'two limiters' | 'behind a proxy' | 'refused'): string =>
  requestWorkload('IPv4', '1000 clients', 'legacy', way)
const REFUSED = redisWorkload('refused', 'ioredis')
const IPV6 = requestWorkload('IPv6', '1000 clients', 'legacy')
const DRAFT = requestWorkload('IPv4', '1000 clients', 'draft')

function result(
  [benchmark, workload]: readonly [string, string],
  contestant: ContestantName,
  figures: Readonly<Record<string, readonly number[]>>,
): Result {
  const spreads = Object.entries(figures).map(([name, values]) => [name, spreadOf(values)])
  return { benchmark, workload, contestant, figures: Object.fromEntries(spreads) }
}

const OURS = 'express-tollgate'
const ERL = 'express-rate-limit'
const RLF = 'rate-limiter-flexible'
const RLR = 'rate-limit-redis'

/** Every goal just reached, or just missed. */
function results(holds: boolean): Result[] {
  const by = (reached: number, missed: number): number[] => [holds ? reached : missed]
  const pauses = (clients: 1_000_000 | 5_000_000): [string, string] => ['pauses', pauseWorkload(clients)]
  return [
    result(['memory', memoryWorkload(1_000_000)], OURS, { bytesPerClient: by(40, 40.1) }),
    result(['decisions', FRESH], OURS, { decisionNs: by(35, 36) }),
    result(['decisions', FRESH], ERL, { decisionNs: [100] }),
    result(['decisions', FRESH], 'bare Map', { decisionNs: [50] }),
    result(['decisions', decisionWorkload(1, 'reused')], OURS, { decisionNs: by(150, 151) }),
    result(['requests', IPV4], OURS, { addedUs: by(9, 9.01) }),
    result(['requests', IPV4], 'express-tollgate, metrics', { addedUs: by(10, 10.02) }),
    result(['requests', IPV4], 'floor', { addedUs: [6] }),
    result(['requests', IPV4], RLF, { addedUs: [10] }),
    result(['requests', IPV4], ERL, { addedUs: by(26, 25) }),
    result(['requests', IPV6], OURS, { addedUs: by(12, 12.01) }),
    result(['requests', IPV6], 'floor', { addedUs: [8] }),
    result(['requests', IPV6], ERL, { addedUs: [100] }),
    result(['requests', DRAFT], OURS, { addedUs: by(18, 18.03) }),
    result(['requests', throughWay('two limiters')], OURS, { addedUs: by(18, 18.03) }),
    result(['requests', throughWay('behind a proxy')], OURS, { addedUs: by(11.7, 11.72) }),
    result(['requests', throughWay('refused')], OURS, { addedUs: by(9, 9.02) }),
    result(['throughput', 'admitted'], OURS, { perSecond: by(9500, 9499) }),
    result(['throughput', 'admitted'], 'floor', { perSecond: [10_000] }),
    result(['throughput', 'admitted'], RLF, { perSecond: by(8636, 8637) }),
    result(['throughput', 'refused'], OURS, { perSecond: by(9200, 9199) }),
    result(['throughput', 'refused'], 'bare 429, same fields', { perSecond: [10_000] }),
    result(pauses(5_000_000), OURS, {
      longestPauseMs: by(10, 10.1),
      mostHeld: [4_600_000],
      clients: [5_000_000],
    }),
    result(pauses(1_000_000), ERL, { longestPauseMs: [30] }),
    result(['flood', FLOOD_WORKLOAD], OURS, {
      beforeMiB: [100],
      afterMiB: by(110, 111),
      stayedBlocked: by(200, 199),
      floods: [200],
    }),
    ...ADVERSARIAL_WORKLOADS.map((workload, index) =>
      result(['adversarial', workload], OURS, { ratio: index === 1 ? by(3, 3.1) : [1] }),
    ),
    ...(['ioredis', 'node-redis'] as const).flatMap((through) => {
      const placeOf = (inFlight?: number): [string, string] => [
        'redis',
        redisWorkload('admitted', through, inFlight),
      ]
      return [
        result(placeOf(), OURS, {
          ...{ perSecond: by(11_000, 10_999), commands: by(2.2, 2.21) },
          ...{ p99Us: by(100, 101), serverUs: by(7, 7.1) },
        }),
        result(placeOf(), 'bare INCR', { perSecond: [10_000] }),
        result(placeOf(), RLR, { perSecond: [10_999] }),
        result(placeOf(), RLF, { perSecond: [10_999] }),
        result(placeOf(), 'express-tollgate, one call each', { p99Us: [100], serverUs: [10] }),
        result(placeOf(256), OURS, { perSecond: by(20_000, 19_999) }),
        result(placeOf(256), 'bare INCR', { perSecond: [10_000] }),
        result(placeOf(1), OURS, { perSecond: by(10_000, 9999) }),
        result(placeOf(1), 'bare EVALSHA', { perSecond: [11_499] }),
      ]
    }),
    ...(['ioredis', 'node-redis'] as const).flatMap((through) => {
      const place: [string, string] = ['redis-throughput', redisAppWorkload(through)]
      return [
        result(place, OURS, { perSecond: by(5001, 5000) }),
        result(place, RLR, { perSecond: [5000] }),
        result(place, RLF, { perSecond: [5000] }),
      ]
    }),
    result(['redis', REFUSED], OURS, { perSecond: by(10_000, 9999), commands: by(0, 0.001) }),
    result(['redis', REFUSED], RLR, { perSecond: [1000] }),
    result(['redis', REFUSED], RLF, { perSecond: [1000] }),
    result(['outage', OUTAGE_WORKLOAD], OURS, { perSecond: by(950, 949) }),
    result(['outage', OUTAGE_WORKLOAD], 'express-tollgate, MemoryStore', { perSecond: [1000] }),
  ]
}

describe('the goals', () => {
  it('hold when they are just reached', () => {
    const findings = checkGoals(results(true))
    expect(findings).toHaveLength(45)
    expect(findings.filter(({ holds }) => holds !== true)).toEqual([])
  })

  it('do not hold when they are just missed', () => {
    expect(checkGoals(results(false)).filter(({ holds }) => holds !== false)).toEqual([])
  })

  it('have no verdict without both figures', () => {
    for (const { figure, holds } of checkGoals([])) expect([figure, holds]).toEqual([undefined, undefined])
    const findings = checkGoals(results(true).filter(({ contestant }) => contestant !== ERL))
    expect(findings.filter(({ holds }) => holds === undefined).map(({ goal }) => goal)).toEqual([
      '<= 0.35 of express-rate-limit',
      '<= 0.35 of express-rate-limit',
      '<= 0.12 of express-rate-limit',
      '<= 1/3 of express-rate-limit',
    ])
  })

  it('take the median of the ratios of the rounds, not the ratio of the medians', () => {
    const findings = checkGoals([
      result(['decisions', FRESH], OURS, { decisionNs: [10, 30, 60] }),
      result(['decisions', FRESH], 'bare Map', { decisionNs: [100, 200, 100] }),
    ])
    const found = findings.find(({ goal }) => goal === '<= 0.7 of bare Map')
    expect(found).toMatchObject({ figure: '30.0 to 100 ns, 0.150', holds: true })
  })

  it('of commands looks at the most of all rounds and both packages', () => {
    const commands = (through: 'ioredis' | 'node-redis', ...values: readonly number[]): Result =>
      result(['redis', redisWorkload('admitted', through)], OURS, { commands: values })
    const found = checkGoals([commands('ioredis', 2, 2, 2), commands('node-redis', 2, 3, 2)]).find(
      ({ goal }) => goal === '<= 2.2',
    )
    expect(found).toMatchObject({ figure: '3.00', holds: false })
  })

  it('of a pause needs the clients to have been there', () => {
    const paused = (mostHeld: number): Result =>
      result(['pauses', pauseWorkload(5_000_000)], OURS, {
        ...{ longestPauseMs: [1], mostHeld: [mostHeld], clients: [5_000_000] },
      })
    const holds = (mostHeld: number): boolean | undefined =>
      checkGoals([paused(mostHeld)]).find(({ goal }) => goal === '<= 10 ms')?.holds
    expect([holds(4_500_000), holds(4_499_999)]).toEqual([true, false])
  })

  it('of memory is missed by what is 11 % less too: then it was no baseline', () => {
    const figures = { beforeMiB: [100], afterMiB: [89] }
    const findings = checkGoals([result(['flood', FLOOD_WORKLOAD], OURS, figures)])
    expect(findings.find(({ goal }) => goal === 'within 10 % of before')).toMatchObject({
      figure: '-11.0 %',
      holds: false,
    })
  })

  it('stand in a table with figure, wish and verdict', () => {
    const lines = goalsText(checkGoals(results(true).slice(0, 1))).split('\n')
    expect(lines[2]).toMatch(/^bytes a client at 1 million IPv4 keys +40\.0 +<= 40 +holds$/)
    expect(lines[3]).toMatch(/^a decision, fresh strings, 1 million keys +not measured +<= 0\.7 of bare Map$/)
    const missed = goalsText(checkGoals(results(false)))
    expect(missed).toMatch(/40\.1 +<= 40 +does not hold\n/)
    expect(missed).toMatch(/ 199 of 200 +in all floods +does not hold\n/)
  })
})
