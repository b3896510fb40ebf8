import type { ContestantName, RedisPackage } from './contestants/contestant.ts'
import { atMost, compared, type Goal, OURS, type Place, spreadAt } from './goal.ts'
import { OUTAGE_WORKLOAD } from './outage.ts'
import { redisWorkload } from './redis.ts'
import { redisAppWorkload } from './redis-throughput.ts'
import { figureText } from './table.ts'

type Outcome = Parameters<typeof redisWorkload>[0]

const PEERS: readonly ContestantName[] = ['rate-limit-redis', 'rate-limiter-flexible']
const PACKAGES: readonly RedisPackage[] = ['ioredis', 'node-redis']
const OUTAGE: Place = { benchmark: 'outage', workload: OUTAGE_WORKLOAD, figure: 'perSecond' }

const ONE_BY_ONE: ContestantName = 'express-tollgate, one call each'

const placeOf = (outcome: Outcome, through: RedisPackage, figure: string, inFlight?: number): Place => ({
  ...{ benchmark: 'redis', workload: redisWorkload(outcome, through, inFlight), figure },
})

/** What must be so with Redis, and without it. */
export const REDIS_GOALS: readonly Goal[] = [
  ...PACKAGES.map((through) => atLeast('admitted', through, 1.1, 'bare INCR')),
  ...PACKAGES.map((through) => atLeast('admitted', through, 2, 'bare INCR', 256)),
  ...PACKAGES.map((through) => ofOneByOne(through, 'p99Us', 'us, 99 %', 1)),
  ...PACKAGES.map((through) => ofOneByOne(through, 'serverUs', "us of Redis' processor", 0.7)),
  ...PACKAGES.map(latencyGoal),
  ...PACKAGES.flatMap((through) => PEERS.map((peer) => above(through, peer))),
  ...PACKAGES.flatMap((through) => PEERS.map((peer) => aboveInApp(through, peer))),
  ...PEERS.map((peer) => atLeast('refused', 'ioredis', 10, peer)),
  commandsGoal('admitted', 2.2),
  commandsGoal('refused', 0),
  outageGoal(),
]

function atLeast(
  outcome: Outcome,
  through: RedisPackage,
  factor: number,
  other: ContestantName,
  inFlight?: number,
): Goal {
  const place = placeOf(outcome, through, 'perSecond', inFlight)
  const how = inFlight === undefined ? through : `${through}, ${inFlight} at once`
  return compared(place, place, 'a second', other, `decisions in Redis, ${outcome}, ${how}`, {
    goal: factor > 1 ? `>= ${factor} times ${other}` : `>= ${factor} of ${other}`,
    holds: (ratio) => ratio >= factor,
  })
}

function above(through: RedisPackage, peer: ContestantName): Goal {
  const place = placeOf('admitted', through, 'perSecond')
  return compared(place, place, 'a second', peer, `decisions in Redis, admitted, ${through}`, {
    goal: `> ${peer}`,
    holds: (ratio) => ratio > 1,
  })
}

/** Requests of an Express app. */
function aboveInApp(through: RedisPackage, peer: ContestantName): Goal {
  const place: Place = {
    benchmark: 'redis-throughput',
    workload: redisAppWorkload(through),
    figure: 'perSecond',
  }
  return compared(place, place, 'a second', peer, `requests of an Express app on Redis, ${through}`, {
    goal: `> ${peer}`,
    holds: (ratio) => ratio > 1,
  })
}

/** What batches take, beside one call for each decision. */
function ofOneByOne(through: RedisPackage, figure: string, unit: string, factor: number): Goal {
  const place = placeOf('admitted', through, figure)
  return atMost(place, unit, factor, ONE_BY_ONE, `a decision in Redis, admitted, ${through}`)
}

/** One decision at once: a second divided by the decisions a second is what one takes. */
function latencyGoal(through: RedisPackage): Goal {
  const place = placeOf('admitted', through, 'perSecond', 1)
  const other = 'bare EVALSHA'
  return compared(place, place, 'a second', other, `decisions in Redis, one at once, ${through}`, {
    goal: `>= 1/1.15 of ${other}`,
    holds: (ratio) => ratio >= 1 / 1.15,
  })
}

/** Of the most of all rounds: a command is no matter of chance. */
function commandsGoal(outcome: Outcome, most: number): Goal {
  return {
    what: `commands of Redis for a decision, ${outcome}`,
    goal: `<= ${most}`,
    verdict(results) {
      const spreads = PACKAGES.map((through) =>
        spreadAt(results, placeOf(outcome, through, 'commands'), OURS),
      )
      const seen = spreads.flatMap((spread) => (spread === undefined ? [] : [spread.max]))
      if (seen.length === 0) return undefined
      const worst = Math.max(...seen)
      return { figure: figureText(worst), holds: worst <= most }
    },
  }
}

function outageGoal(): Goal {
  const other = 'express-tollgate, MemoryStore'
  return compared(OUTAGE, OUTAGE, 'a second', other, 'requests while Redis is gone', {
    goal: '>= 0.95 of the same with MemoryStore',
    holds: (ratio) => ratio >= 0.95,
  })
}
