import { ADVERSARIAL_WORKLOADS } from './adversarial.ts'
import type { Result } from './benchmark.ts'
import type { ContestantName } from './contestants/contestant.ts'
import { decisionWorkload } from './decisions.ts'
import { FLOOD_WORKLOAD } from './flood.ts'
import { atMost, compared, type Finding, type Goal, OURS, type Place, ratioOf, spreadAt } from './goal.ts'
import { memoryWorkload } from './memory.ts'
import { pauseWorkload } from './pauses.ts'
import { REDIS_GOALS } from './redis-goals.ts'
import { REQUEST_GOALS } from './request-goals.ts'
import { figureText, renderTable } from './table.ts'

export type { Finding }

const ERL: ContestantName = 'express-rate-limit'

const decisionAt = (workload: string): Place => ({ benchmark: 'decisions', workload, figure: 'decisionNs' })
const FRESH = decisionAt(decisionWorkload(1_000_000, 'fresh'))
const ONE_KEY = decisionAt(decisionWorkload(1, 'reused'))

const GOALS: readonly Goal[] = [
  bytesGoal(),
  atMost(FRESH, 'ns', 0.7, 'bare Map', 'a decision, fresh strings, 1 million keys'),
  atMost(FRESH, 'ns', 0.35, ERL, 'a decision, fresh strings, 1 million keys'),
  oneKeyGoal(),
  ...REQUEST_GOALS,
  pauseGoal(),
  pauseRatioGoal(),
  floodMemoryGoal(),
  blockedGoal(),
  adversarialGoal(),
  ...REDIS_GOALS,
]

/** What was found of every goal. */
export function checkGoals(results: readonly Result[]): Finding[] {
  return GOALS.map(({ what, goal, verdict }) => {
    const { figure, holds } = verdict(results) ?? { figure: undefined, holds: undefined }
    return { what, goal, figure, holds }
  })
}

/** The goals as a table. */
export function goalsText(findings: readonly Finding[]): string {
  const rows = findings.map(({ what, goal, figure, holds }) => [
    what,
    figure ?? 'not measured',
    goal,
    holds === undefined ? '' : holds ? 'holds' : 'does not hold',
  ])
  return renderTable(['goal', 'figure', 'wanted', ''], rows, 4)
}

function bytesGoal(): Goal {
  const place = { benchmark: 'memory', workload: memoryWorkload(1_000_000), figure: 'bytesPerClient' }
  return {
    what: 'bytes a client at 1 million IPv4 keys',
    goal: '<= 40',
    verdict(results) {
      const spread = spreadAt(results, place, OURS)
      return spread && { figure: figureText(spread.median), holds: spread.median <= 40 }
    },
  }
}

function oneKeyGoal(): Goal {
  return {
    what: 'a decision, one key, the same string',
    goal: '<= 150 ns',
    verdict(results) {
      const spread = spreadAt(results, ONE_KEY, OURS)
      return spread && { figure: `${figureText(spread.median)} ns`, holds: spread.median <= 150 }
    },
  }
}

function pausePlace(clients: 1_000_000 | 5_000_000, figure: string): Place {
  return { benchmark: 'pauses', workload: pauseWorkload(clients), figure }
}

function pauseGoal(): Goal {
  return {
    what: 'longest pause with 5 million clients',
    goal: '<= 10 ms',
    verdict(results) {
      const pause = spreadAt(results, pausePlace(5_000_000, 'longestPauseMs'), OURS)
      const [held, clients] = ['mostHeld', 'clients'].map((name) =>
        spreadAt(results, pausePlace(5_000_000, name), OURS),
      )
      if (pause === undefined || held === undefined || clients === undefined) return undefined
      // Who could not keep up with the pace never held so many.
      const enough = held.median >= 0.9 * clients.median
      const figure = `${figureText(pause.median)} ms, ${figureText(Math.round(held.median))} held`
      return { figure, holds: enough && pause.median <= 10 }
    },
  }
}

function pauseRatioGoal(): Goal {
  const [ours, theirs] = [5_000_000, 1_000_000].map((clients) =>
    pausePlace(clients as 5_000_000, 'longestPauseMs'),
  ) as [Place, Place]
  return compared(ours, theirs, 'ms', ERL, 'longest pause with 5 million, to theirs with 1 million', {
    goal: `<= 1/3 of ${ERL}`,
    holds: (ratio) => ratio <= 1 / 3,
  })
}

function floodPlace(figure: string): Place {
  return { benchmark: 'flood', workload: FLOOD_WORKLOAD, figure }
}

function floodMemoryGoal(): Goal {
  return {
    what: 'memory after a flood and one idle window',
    goal: 'within 10 % of before',
    verdict(results) {
      const before = spreadAt(results, floodPlace('beforeMiB'), OURS)
      const after = spreadAt(results, floodPlace('afterMiB'), OURS)
      if (before === undefined || after === undefined) return undefined
      const grown = after.values.map((value, round) => value - (before.values[round] ?? Number.NaN))
      const percent = 100 * ratioOf({ ...after, values: grown }, before)
      const figure = `${percent < 0 ? '' : '+'}${percent.toFixed(1)} %`
      return { figure, holds: Math.abs(percent) <= 10 }
    },
  }
}

function blockedGoal(): Goal {
  return {
    what: 'a blocked client stays blocked in a flood',
    goal: 'in all floods',
    verdict(results) {
      const [stayed, floods] = ['stayedBlocked', 'floods'].map((name) =>
        spreadAt(results, floodPlace(name), OURS),
      )
      if (stayed === undefined || floods === undefined) return undefined
      return { figure: `${stayed.sum} of ${floods.sum}`, holds: stayed.sum === floods.sum }
    },
  }
}

function adversarialGoal(): Goal {
  return {
    what: 'adversarial keys against random ones, the worst set',
    goal: '<= 3 times',
    verdict(results) {
      const ratios = ADVERSARIAL_WORKLOADS.flatMap((workload) => {
        const spread = spreadAt(results, { benchmark: 'adversarial', workload, figure: 'ratio' }, OURS)
        return spread === undefined ? [] : [spread.median]
      })
      if (ratios.length === 0) return undefined
      const worst = Math.max(...ratios)
      return { figure: `${worst.toFixed(2)} times`, holds: worst <= 3 }
    },
  }
}
