import type { ContestantName } from './contestants/contestant.ts'
import { atMost, compared, type Goal, OURS, type Place, spreadAt } from './goal.ts'
import { requestWorkload } from './requests.ts'
import { median } from './statistics.ts'
import type { Outcome } from './throughput.ts'

const ERL: ContestantName = 'express-rate-limit'
const RLF: ContestantName = 'rate-limiter-flexible'

const addedAt = (workload: string): Place => ({ benchmark: 'requests', workload, figure: 'addedUs' })
const IPV4 = addedAt(requestWorkload('IPv4', '1000 clients', 'legacy'))
const IPV6 = addedAt(requestWorkload('IPv6', '1000 clients', 'legacy'))
const DRAFT = addedAt(requestWorkload('IPv4', '1000 clients', 'draft'))
const [TWO, PROXIED, REFUSED] = (['two limiters', 'behind a proxy', 'refused'] as const).map((way) =>
  addedAt(requestWorkload('IPv4', '1000 clients', 'legacy', way)),
) as [Place, Place, Place]

/** What must be so on the way of one request. */
export const REQUEST_GOALS: readonly Goal[] = [
  atMost(IPV4, 'us', 1.5, 'floor', 'added to an Express 5 request, IPv4'),
  atMost(IPV4, 'us', 0.9, RLF, 'added to an Express 5 request, IPv4'),
  atMost(IPV4, 'us', 0.35, ERL, 'added to an Express 5 request, IPv4'),
  atMost(IPV6, 'us', 1.5, 'floor', 'added to an Express 5 request, IPv6'),
  atMost(IPV6, 'us', 0.12, ERL, 'added to an Express 5 request, IPv6'),
  toOneLimiter(DRAFT, 2, 'added with the RateLimit draft too'),
  toOneLimiter(TWO, 2, 'added by two limiters'),
  toOneLimiter(PROXIED, 1.3, 'added behind a proxy'),
  toOneLimiter(REFUSED, 1, 'added to a refused request'),
  metricsGoal(),
  ...(['floor', RLF] as const).map((other) => throughputGoal('admitted', other, other === RLF ? 1.1 : 0.95)),
  throughputGoal('refused', 'bare 429, same fields', 0.92),
]

/** At most so many times what one limiter adds to an admitted IPv4 request with X-RateLimit headers. */
function toOneLimiter(place: Place, factor: number, what: string): Goal {
  return compared(place, IPV4, 'us', OURS, what, {
    goal: `<= ${factor === 1 ? '' : `${factor} times `}one limiter, admitted`,
    holds: (ratio) => ratio <= factor,
  })
}

/** What metrics add: the median of the rounds' differences. */
function metricsGoal(): Goal {
  return {
    what: 'added to an Express 5 request by metrics',
    goal: '<= 1 us',
    verdict(results) {
      const without = spreadAt(results, IPV4, OURS)
      const measured = spreadAt(results, IPV4, 'express-tollgate, metrics')
      if (without === undefined || measured === undefined) return undefined
      const addedUs = median(measured.values.map((us, round) => us - (without.values[round] ?? Number.NaN)))
      return { figure: `${addedUs.toFixed(2)} us`, holds: addedUs <= 1 }
    },
  }
}

function throughputGoal(outcome: Outcome, other: ContestantName, factor: number): Goal {
  const place = { benchmark: 'throughput', workload: outcome, figure: 'perSecond' }
  return compared(place, place, 'a second', other, `requests over loopback, ${outcome}`, {
    goal: `>= ${factor} of ${other}`,
    holds: (ratio) => ratio >= factor,
  })
}
