import type { ContestantName, RedisPackage } from './contestants/contestant.ts'
import { compared, type Goal, OURS, type Place, spreadAt } from './goal.ts'
import { OUTAGE_WORKLOAD } from './outage.ts'
import { redisWorkload } from './redis.ts'
import { figureText } from './table.ts'

type Outcome = Parameters<typeof redisWorkload>[0]

const PEERS: readonly ContestantName[] = ['rate-limit-redis', 'rate-limiter-flexible']
const PACKAGES: readonly RedisPackage[] = ['ioredis', 'node-redis']
const OUTAGE: Place = { benchmark: 'outage', workload: OUTAGE_WORKLOAD, figure: 'perSecond' }

const placeOf = (outcome: Outcome, through: RedisPackage, figure: string): Place => ({
  ...{ benchmark: 'redis', workload: redisWorkload(outcome, through), figure },
})

/** What must be so with Redis, and without it. */
export const REDIS_GOALS: readonly Goal[] = [
  ...PACKAGES.map((through) => atLeast('admitted', through, 0.9, 'bare INCR')),
  ...PACKAGES.flatMap((through) => PEERS.map((peer) => above(through, peer))),
  ...PEERS.map((peer) => atLeast('refused', 'ioredis', 10, peer)),
  commandsGoal('admitted', 4),
  commandsGoal('refused', 0),
  outageGoal(),
]

function atLeast(outcome: Outcome, through: RedisPackage, factor: number, other: ContestantName): Goal {
  const place = placeOf(outcome, through, 'perSecond')
  return compared(place, place, 'a second', other, `decisions in Redis, ${outcome}, ${through}`, {
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
