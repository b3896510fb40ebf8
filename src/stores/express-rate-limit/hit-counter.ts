import { rejectOption } from '../../errors/option-checks.ts'
import type { CallbackStore, CountedHits, CountingStore } from './counting-store.ts'

/** The hits of a client as plain numbers. */
export interface Hits {
  readonly total: number
  /** When the window ends, in milliseconds of wall time. Undefined if the store does not say it. */
  readonly endsAtMs: number | undefined
}

/** A store of express-rate-limit of any version, with one form for all calls. */
export interface HitCounter {
  start(windowMs: number): Promise<void>
  increment(key: string): Promise<Hits>
  decrement(key: string): Promise<void>
  resetKey(key: string): Promise<void>
  /** Undefined if the client has no hits. */
  readonly get: ((key: string) => Promise<Hits | undefined>) | undefined
  readonly resetAll: (() => Promise<void>) | undefined
  shutdown(): Promise<void>
  readonly isLocal: boolean
}

/** @throws RateLimiterError `invalid_option` if it is not a store of express-rate-limit */
export function hitCounterOf(given: CountingStore | CallbackStore): HitCounter {
  const increment = incrementOf(given)
  const store: Partial<CountingStore> = given
  const { get, resetAll } = store
  const countHit = async (key: string): Promise<Hits> => hitsOf(await increment(key))
  return {
    start: async (windowMs) => {
      await store.init?.({ windowMs })
    },
    increment: store.localKeys === true ? oneAtATime(countHit) : countHit,
    decrement: async (key) => {
      await given.decrement(key)
    },
    resetKey: async (key) => {
      await given.resetKey(key)
    },
    get:
      typeof get !== 'function'
        ? undefined
        : async (key) => {
            const answer = await get.call(given, key)
            // rate-limit-redis answers NaN for a client without hits.
            return Number.isNaN(answer?.totalHits ?? Number.NaN) ? undefined : hitsOf(answer)
          },
    resetAll:
      typeof resetAll !== 'function'
        ? undefined
        : async () => {
            await resetAll.call(given)
          },
    shutdown: async () => {
      await store.shutdown?.()
    },
    isLocal: store.localKeys === true,
  }
}

/** A function that adds one hit, with a promise also where the store has a callback. */
function incrementOf(
  given: CountingStore | CallbackStore,
): (key: string) => CountedHits | Promise<CountedHits> {
  const store = Object(given) as Partial<CountingStore & CallbackStore>
  const isComplete = typeof store.decrement === 'function' && typeof store.resetKey === 'function'
  // A store may have both, for old and new versions of express-rate-limit.
  if (isComplete && typeof store.increment === 'function') return store.increment.bind(given)
  const { incr } = store
  if (isComplete && typeof incr === 'function') {
    return (key) =>
      new Promise((resolve, reject) => {
        incr.call(given, key, (error, totalHits, resetTime) => {
          if (error) reject(error)
          else resolve({ totalHits, resetTime })
        })
      })
  }
  return rejectOption(
    'store',
    given,
    'takes a store of express-rate-limit',
    'Give an object with increment(key) or incr(key, callback), decrement(key) and resetKey(key).',
  )
}

/**
 * Makes each call wait for the one before. The memory store of express-rate-limit answers its counter itself, which shows
 * the hits of later calls too unless it is read before them.
 */
function oneAtATime<Answer>(call: (key: string) => Promise<Answer>): (key: string) => Promise<Answer> {
  let last: Promise<unknown> = Promise.resolve()
  return (key) => {
    const answer = last.then(() => call(key))
    last = answer.catch(() => undefined)
    return answer
  }
}

function hitsOf(answer: CountedHits | undefined): Hits {
  const { totalHits, resetTime } = Object(answer) as Partial<CountedHits>
  if (!Number.isSafeInteger(totalHits)) throw new Error(`it answered totalHits ${String(totalHits)}`)
  const endsAtMs = resetTime === undefined || resetTime === null ? Number.NaN : Number(resetTime)
  return { total: Number(totalHits), endsAtMs: Number.isFinite(endsAtMs) ? endsAtMs : undefined }
}
