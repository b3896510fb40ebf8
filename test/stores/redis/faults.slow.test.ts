import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { StoreErrorPolicy } from '../../../src/index.ts'
import { REQUEST_CLASSES } from '../../../src/limits/request-class.ts'
import { CLIENTS } from '../../support/redis/clients.ts'
import {
  FAULTS,
  type Fault,
  GARBAGE,
  HUNG_UP,
  kindOf,
  NO_FAULT,
  NOSCRIPT,
} from '../../support/redis/faults.ts'
import { LimitedApp, type Seen } from '../../support/redis/limited-app.ts'
import { expectNoProcessErrors } from '../../support/redis/process-errors.ts'
import { errorReply } from '../../support/redis/resp.ts'
import type { Scenario } from '../../support/redis/scripted-redis.ts'
import { rejectionOf, textBeforeAddress } from '../../support/thrown-by.ts'

/** For faults without an answer in time. The limiter waits that long for each call. */
const SHORT_MS = 200
/** For all other faults. So long that a busy machine does not look like a failing server. */
const LONG_MS = 30_000
/** For everything that a test waits for. */
const PATIENCE = { timeout: 60_000, interval: 20 }
const FAILURES_THAT_OPEN = 5
const REQUESTS_WHILE_OPEN = 3
const POLICY = '"read";q=3;w=60'

const LATE =
  `the store did not answer within ${SHORT_MS} ms. ` +
  'Look at the store and its network, or raise storeDeadlineMs.'

/** The answers to eight requests while Redis fails. */
const ANSWERS: Readonly<Record<StoreErrorPolicy, readonly number[]>> = {
  memory: [200, 200, 200, 429, 429, 429, 429, 429],
  allow: [200, 200, 200, 200, 200, 200, 200, 200],
  deny: [503, 503, 503, 503, 503, 503, 503, 503],
}

/** For clients that behave as another client in these tests does. */
const SOME_FAULTS = [
  'is out of memory',
  'does not know a script, also after it received the script',
  'answers nil',
  'answers fractions as texts',
  'hangs up before it answers',
  'answers too late',
  'never answers',
]

const TESTED = ['ioredis 6', 'node-redis 6'].flatMap((client) =>
  (['memory', 'allow', 'deny'] as const).map((onStoreError) => [client, onStoreError] as const),
)

let app: LimitedApp
const deadlineOf = ({ message }: Fault): number => (message === undefined ? SHORT_MS : LONG_MS)

expectNoProcessErrors()

// Only the clock of the circuit breaker is fake, so that a test decides for how long it is open.
beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(async () => {
  vi.useRealTimers()
  await app.stop()
})

describe.each(Object.entries(FAULTS))('a Redis that %s', (_what, fault) => {
  it.each(TESTED)(
    'leaves no request without an answer: %s, onStoreError %s',
    async (client, onStoreError) => {
      app = await LimitedApp.start(client, { deadlineMs: deadlineOf(fault), onStoreError })
      await failsAsDescribed(fault, client, onStoreError)
      await recovers(fault)
    },
  )
})

describe.each(['ioredis 5', 'node-redis 4', 'node-redis 5', 'a sendCommand function'])('%s', (client) => {
  it.each(SOME_FAULTS)('fails and recovers as the newest versions do, if Redis %s', async (name) => {
    const fault = FAULTS[name]
    if (fault === undefined) throw new Error(`no fault ${name}`)
    app = await LimitedApp.start(client, { deadlineMs: deadlineOf(fault) })
    await failsAsDescribed(fault, client, 'memory')
    await recovers(fault)
  })
})

describe('bytes that are no reply', () => {
  it.each(Object.entries(GARBAGE))('are handled by onStoreError, with %s', async (client, fault) => {
    app = await LimitedApp.start(client, { deadlineMs: deadlineOf(fault) })
    await failsAsDescribed(fault, client, 'memory')
    await recovers(fault)
  })
})

describe.each(Object.keys(CLIENTS))('a Redis that has lost the script, with %s', (client) => {
  it('receives its text, once', async () => {
    app = await LimitedApp.start(client, { deadlineMs: LONG_MS })
    app.redis.scenario = (words, turn) =>
      turn === 0 && words[0]?.toUpperCase() === 'EVALSHA'
        ? { text: errorReply(NOSCRIPT) }
        : NO_FAULT(words, turn)
    expect((await app.get()).headers.ratelimit).toBe('"read";r=2;t=60')
    expect(app.sent).toEqual(['EVALSHA', 'EVAL'])
    const [[, sha = '', ...given] = [], [, source = '', ...givenAgain] = []] = app.redis.received
    expect(createHash('sha1').update(source, 'latin1').digest('hex')).toBe(sha)
    expect(givenAgain).toEqual(given)
    await app.get()
    expect(app.sent).toEqual(['EVALSHA', 'EVAL', 'EVALSHA'])
    expect(app.limiter.health()).toMatchObject({ state: 'closed', lastError: undefined, lateReplies: 0 })
  })
})

describe.each(['ioredis 6', 'node-redis 6'])('writes with %s', (client) => {
  const kind = kindOf(client)
  const oom: Scenario = () => ({ text: errorReply('OOM command not allowed') })
  const failures = [
    [
      'is out of memory',
      oom,
      LONG_MS,
      'the store failed: OOM command not allowed. Look at the store and its logs.',
    ],
    ['hangs up', () => ({ hangsUp: true }), LONG_MS, HUNG_UP[kind]],
    ['does not answer', () => ({}), SHORT_MS, LATE],
  ] as const satisfies readonly (readonly [string, Scenario, number, string])[]

  it.each(failures)('reject if Redis %s, and are sent once', async (_what, scenario, deadlineMs, message) => {
    app = await LimitedApp.start(client, { deadlineMs })
    app.redis.scenario = scenario
    expect((await rejectionOf(app.limiter.reset('203.0.113.7'))).message).toBe(message)
    // One key for each class.
    expect(app.sent).toEqual(REQUEST_CLASSES.map(() => 'DEL'))
    expect(app.limiter.health().lateReplies).toBe(0)
  })
})

/**
 * Sends eight requests: five open the circuit breaker, and three come while it is open. A reply that shows that
 * Redis works opens no circuit (threat 37).
 */
async function failsAsDescribed(fault: Fault, client: string, onStoreError: StoreErrorPolicy): Promise<void> {
  const { redis, limiter } = app
  redis.scenario = fault.scenario
  const seen = [await app.get()]
  expect(limiter.health()).toMatchObject({ state: 'closed', lateReplies: 0 })
  expectError(fault, client)
  expect(app.sent).toEqual(fault.sent)

  if (fault.heals === undefined) {
    for (let turn = 1; turn < FAILURES_THAT_OPEN; turn++) seen.push(await nextFailure(fault))
  } else {
    // At the same time, because each of them waits until the deadline.
    seen.push(...(await app.getAll(FAILURES_THAT_OPEN - 1)))
    expect(app.sent).toEqual(Array.from({ length: FAILURES_THAT_OPEN }, () => fault.sent).flat())
  }
  const state = fault.isAlive === true ? 'closed' : 'open'
  expect(limiter.health()).toMatchObject({ state, lateReplies: 0 })
  const sentBefore = app.sent
  for (let turn = 0; turn < REQUESTS_WHILE_OPEN; turn++) seen.push(await app.get())
  const sentAgain = Array.from({ length: REQUESTS_WHILE_OPEN }, () => fault.sent).flat()
  expect(app.sent).toEqual(fault.isAlive === true ? [...sentBefore, ...sentAgain] : sentBefore)
  expect(limiter.health().state).toBe(state)

  expect(seen.map(({ status }) => status).sort()).toEqual(ANSWERS[onStoreError])
  for (const one of seen) expectHeaders(one, onStoreError)
  for (const { tookMs } of seen) expect(tookMs).toBeLessThan(deadlineOf(fault) + 30_000)
}

async function nextFailure({ sent }: Fault): Promise<Seen> {
  const { redis } = app
  const before = redis.received.length
  const seen = await app.get()
  // Nothing if the connection is lost, and never more than the first time.
  expect([0, sent.length]).toContain(redis.received.length - before)
  return seen
}

function expectError({ message }: Fault, client: string): void {
  const expected = typeof message === 'object' ? message[kindOf(client)] : message
  const { lastError } = app.limiter.health()
  expect(textBeforeAddress(lastError?.code ?? '', lastError?.message ?? '')).toBe(expected ?? LATE)
  expect(lastError?.code).toBe(expected === undefined ? 'store_timeout' : 'store_failed')
}

function expectHeaders({ status, headers, body }: Seen, onStoreError: StoreErrorPolicy): void {
  expect(headers['ratelimit-policy']).toBe(POLICY)
  if (onStoreError === 'memory') expect(headers.ratelimit).toMatch(/^"read";r=[012];t=(60|5\d)$/)
  else expect(headers.ratelimit).toBeUndefined()
  if (status === 503) {
    expect(headers['retry-after']).toBe('5')
    expect(headers['cache-control']).toBe('no-store')
    expect(body).toBe('{"error":"rate_limiter_unavailable"}')
  } else if (status === 429) {
    expect(headers['retry-after']).toMatch(/^(60|5\d)$/)
  } else {
    expect(headers['retry-after']).toBeUndefined()
  }
}

/**
 * Redis works again. Late replies are counted and not used, and the first probe with an answer closes the
 * circuit.
 */
async function recovers({ heals }: Fault): Promise<void> {
  const { redis, limiter } = app
  redis.scenario = NO_FAULT
  const evalsBefore = app.sent.filter((name) => name === 'EVAL')
  const lateReplies = heals === undefined ? 0 : FAILURES_THAT_OPEN
  // After the deadlines of all late replies, and after the longest pause.
  vi.advanceTimersByTime(LONG_MS + 1)
  if (heals === 'release') redis.release()
  if (heals === 'reset') redis.reset()
  await vi.waitFor(() => expect(limiter.health().lateReplies).toBe(lateReplies), PATIENCE)
  // A late reply that does not know the script is not followed by the text of the script.
  expect(app.sent.filter((name) => name === 'EVAL')).toEqual(evalsBefore)
  redis.forget()
  let requests = 0
  await vi.waitFor(async () => {
    vi.advanceTimersByTime(LONG_MS)
    requests++
    const { status, headers } = await app.get()
    expect(status).toBe(200)
    expect(headers.ratelimit).toBe('"read";r=2;t=60')
    expect(limiter.health().state).toBe('closed')
  }, PATIENCE)
  expect(app.sent.length).toBeLessThanOrEqual(requests)
  if (heals !== undefined) return
  await app.getAll(3)
  expect(app.sent).toEqual(Array.from({ length: 4 }, () => 'EVALSHA'))
}
