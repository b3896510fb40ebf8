import assert from 'node:assert/strict'
import { type CalendarUnit, calendarOf, LONGEST_WINDOW_MS } from '../../../limits/calendar.ts'
import type { Limit } from '../../../limits/limit.ts'
import { type ConformanceCase, type ConformanceGroup, showsSettlements } from './conformance-case.ts'
import { traceCase } from './random-trace.ts'
import { HOUR_MS, limitOf, type TestedStore, WINDOW_MS } from './tested-store.ts'

const DAY_MS = 24 * HOUR_MS

/** Windows are those of a calendar, and the same for all clients. The time of the store decides which one is open. */
export const calendarWindowCases: ConformanceGroup = (store) => [
  endsWithTheCalendar,
  followsDaylightSaving,
  repeatedHour,
  ownCounters,
  setBackAtTheEdge,
  setBackFurther,
  randomTrace,
  ...(store.capabilities?.severalLimits === true ? [besideAnotherWindow] : []),
  ...(showsSettlements(store) ? [settlesInItsWindow] : []),
]

/** A limit of units in a month that begins on a day, or in another unit. */
function limitPer(units: number, per: CalendarUnit, timeZone = 'UTC', startsOn = 1): Limit {
  const windowMs = LONGEST_WINDOW_MS[per]
  return limitOf('calendar-window', units, { windowMs, calendar: calendarOf(per, timeZone, startsOn) })
}

/** Uses all units of a limit at a time, and asserts until when the client has to wait. */
async function assertWaitsUntil(tested: TestedStore, limit: Limit, at: string, end: string): Promise<void> {
  tested.clock.set(Date.parse(at))
  const key = `client at ${at}`
  await tested.assertAllowed('A charge must be allowed while units remain.', key, [limit], limit.limit)
  const { retryAfterMs } = await tested.assertRefused('A charge must be refused.', key, [limit])
  const rule = `At ${at} the window '${limit.calendar?.id}' must end at ${end}.`
  assert.equal(tested.clock.now() + retryAfterMs, Date.parse(end), rule)
  tested.clock.advance(retryAfterMs - 1)
  await tested.assertRefused('A charge must be refused until the window ends.', key, [limit])
  tested.clock.advance(1)
  const rest = await tested.assertAllowed('All units must be free in the next window.', key, [limit])
  assert.equal(rest.limits[0]?.remaining, limit.limit - 1, 'All units must be free in the next window.')
}

const endsWithTheCalendar: ConformanceCase = {
  title: 'a window ends when the calendar says, whenever the client began',
  async run(tested) {
    const month = (startsOn: number): Limit => limitPer(3, 'month', 'Europe/Berlin', startsOn)
    await assertWaitsUntil(tested, limitPer(3, 'minute'), '2024-02-29T12:00:30.500Z', '2024-02-29T12:01:00Z')
    await assertWaitsUntil(tested, limitPer(3, 'week'), '2024-12-31T23:00:00Z', '2025-01-06T00:00:00Z')
    await assertWaitsUntil(tested, month(1), '2024-02-10T00:00:00Z', '2024-02-29T23:00:00Z')
    await assertWaitsUntil(tested, month(31), '2023-02-01T00:00:00Z', '2023-02-27T23:00:00Z')
    await assertWaitsUntil(tested, month(5), '2026-03-05T00:00:00Z', '2026-04-04T22:00:00Z')
  },
}

const followsDaylightSaving: ConformanceCase = {
  title: 'a day has 23 or 25 hours where daylight-saving time begins or ends',
  async run(tested) {
    const day = limitPer(2, 'day', 'America/New_York')
    await assertWaitsUntil(tested, day, '2025-03-09T05:00:00Z', '2025-03-10T04:00:00Z')
    await assertWaitsUntil(tested, day, '2025-11-02T04:00:00Z', '2025-11-03T05:00:00Z')
  },
}

const repeatedHour: ConformanceCase = {
  title: 'an hour that the clocks show twice is two windows',
  async run(tested) {
    const hour = limitPer(1, 'hour', 'Europe/Berlin')
    await assertWaitsUntil(tested, hour, '2025-10-26T00:30:00Z', '2025-10-26T01:00:00Z')
    await assertWaitsUntil(tested, hour, '2025-10-26T01:30:00Z', '2025-10-26T02:00:00Z')
  },
}

const ownCounters: ConformanceCase = {
  title: 'windows of another unit, time zone or first day have counters of their own',
  async run(tested) {
    const limits = [
      limitPer(1, 'hour'),
      limitPer(1, 'month'),
      limitPer(1, 'month', 'Europe/Berlin'),
      limitPer(1, 'month', 'Europe/Berlin', 5),
      limitOf('fixed-window', 1, { windowMs: LONGEST_WINDOW_MS.month }),
    ]
    const { algorithms = [] } = tested.store.capabilities ?? {}
    for (const limit of limits.filter(({ algorithm }) => algorithms.includes(algorithm))) {
      const rule = `The window '${limit.calendar?.id}' must count its own charges only.`
      await tested.assertAllowed(rule, 'client', [limit])
    }
  },
}

const setBackAtTheEdge: ConformanceCase = {
  title: 'a clock that is set back by a second over the start of a window gives no units twice',
  async run(tested) {
    const limits = [limitPer(2, 'day')]
    tested.clock.set(Date.parse('2025-06-01T00:00:00.500Z'))
    const used = await tested.countAllowed(3, 'client', limits)
    assert.equal(used, 2, 'A charge must be allowed while units remain.')
    tested.clock.set(tested.clock.now() - 1000)
    const { retryAfterMs } = await tested.assertRefused('Used units must stay used.', 'client', limits)
    assert.equal(retryAfterMs, DAY_MS + 500, 'The window must still end when it would have ended.')
    tested.clock.advance(1000)
    await tested.assertRefused('Used units must stay used in their window.', 'client', limits)
  },
}

const setBackFurther: ConformanceCase = {
  title: 'after the clock is set back by two days, used units stay used, until the window of that time ends',
  async run(tested) {
    const limits = [limitPer(2, 'day')]
    tested.clock.set(Date.parse('2025-06-03T18:00:00Z'))
    await tested.countAllowed(3, 'client', limits)
    tested.clock.set(tested.clock.now() - 2 * DAY_MS)
    const { retryAfterMs } = await tested.assertRefused('Used units must stay used.', 'client', limits)
    assert.equal(retryAfterMs, 6 * HOUR_MS, 'A client must not wait longer than the present window lasts.')
    tested.clock.advance(retryAfterMs)
    await tested.assertAllowed('All units must be free in the next window.', 'client', limits)
  },
}

const randomTrace: ConformanceCase = traceCase(
  'in a random trace, each window of the calendar allows as many units as the limit has, and no more',
  () => [limitPer(10, 'minute')],
)

const besideAnotherWindow: ConformanceCase = {
  title: 'a charge on windows of several lengths takes units from all of them or from none',
  async run(tested) {
    const limits = [
      { ...limitPer(3, 'minute'), name: 'minute' },
      { ...limitPer(5, 'month', 'Asia/Kathmandu', 31), name: 'month' },
    ]
    const rule = 'As many charges must be allowed as the limit with the fewest units left has.'
    assert.equal(await tested.countAllowed(4, 'client', limits), 3, rule)
    tested.clock.advance(WINDOW_MS)
    assert.equal(await tested.countAllowed(4, 'client', limits), 2, rule)
  },
}

const settlesInItsWindow: ConformanceCase = {
  title: 'settle() changes a charge until its window ends, and a debt ends with the window',
  async run(tested) {
    const limits = [limitPer(10, 'hour')]
    tested.clock.set(Date.parse('2025-06-01T12:59:00Z'))
    const receipt = await tested.receiptOf(limits, 4)
    tested.clock.advance(WINDOW_MS - 1)
    assert.equal(await tested.store.settle?.(receipt, 15), 15, 'A settlement must be recorded in the window.')
    await tested.assertRefused('A client that owes units must be refused.', 'client', limits)
    tested.clock.advance(1)
    const allowed = await tested.assertAllowed('A debt must end with the window.', 'client', limits, 2)
    assert.equal(allowed.limits[0]?.remaining, 8, 'A debt must end with the window.')
    await tested.store.settle?.(receipt, 0)
    assert.equal(await tested.remaining('client', limits), 8, 'A late settlement must change nothing.')
  },
}
