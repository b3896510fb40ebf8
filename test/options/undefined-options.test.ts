import { createServer } from 'node:http'
import express from 'express'
import supertest from 'supertest'
import { describe, expect, expectTypeOf, it } from 'vitest'
import {
  type BanOptions,
  type ChargeOptions,
  createRateLimiter,
  type Decision,
  type EnvOptions,
  type GuardOptions,
  type LimitOptions,
  MemoryStore,
  type MemoryStoreOptions,
  type RateLimiterOptions,
  type Store,
  type StoreCapabilities,
} from '../../src/index.ts'
import { OPTION_NAMES } from '../../src/options/option-names.ts'
import { RedisStore, type RedisStoreOptions } from '../../src/stores/redis/index.ts'
import {
  type AssertRoutesOptions,
  type AuditOptions,
  assertEveryRouteLimited,
  auditRoutes,
} from '../../src/tools/audit/index.ts'
import { type DashboardOptions, dashboard } from '../../src/tools/dashboard/index.ts'
import type { MetricsOptions } from '../../src/tools/metrics/index.ts'
import {
  type ConformanceOptions,
  type Fault,
  FaultyStore,
  storeConformance,
} from '../../src/tools/testing/index.ts'
import { policiesOf, settingsOf } from '../support/parsed-settings.ts'

/**
 * The optional properties that the type does not accept as undefined, with `exactOptionalPropertyTypes`. Methods are
 * none of them.
 */
type Refusing<Type> = Type extends unknown
  ? {
      [Key in keyof Type]-?: object extends Pick<Type, Key>
        ? { readonly [Same in Key]: undefined } extends Pick<Type, Key>
          ? never
          : Type[Key] extends ((...args: never) => unknown) | undefined
            ? Type extends Store
              ? never
              : Key
            : Key
        : never
    }[keyof Type]
  : never

type PublicOptions =
  | AssertRoutesOptions
  | AuditOptions
  | BanOptions
  | ChargeOptions
  | ConformanceOptions
  | DashboardOptions
  | Decision
  | EnvOptions
  | Fault
  | GuardOptions
  | LimitOptions
  | MemoryStoreOptions
  | MetricsOptions
  | RateLimiterOptions
  | RedisStoreOptions
  | Store
  | StoreCapabilities

/** All optional properties of a type as undefined. The compiler reports one that is missing here. */
type AllUndefined<Type> = {
  readonly [Key in keyof Type as object extends Pick<Type, Key> ? Key : never]-?: undefined
}

const EXCEPT_FUNCTIONS = (_name: string, value: unknown): unknown =>
  typeof value === 'function' ? 'a function' : value

/** A value with a text for each function, for comparisons. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value, EXCEPT_FUNCTIONS))

const limitedApp = (options: object): express.Express => {
  const app = express()
  app.use(createRateLimiter(options))
  app.get('/', (_req, res) => void res.end('served'))
  return app
}

async function responseOf(options: object): Promise<unknown> {
  const { status, text, headers } = await supertest(limitedApp({ ...options, clock: { now: () => 0 } })).get(
    '/',
  )
  const { date: _date, ...others } = headers
  return { status, text, headers: others }
}

describe('an option that is undefined', () => {
  // The compiler runs this test: npm run typecheck.
  it('is accepted by every public type', () => {
    expectTypeOf<Refusing<PublicOptions>>().toBeNever()
  })

  it.each(OPTION_NAMES)('counts as left out: %s', async (name) => {
    expect(plain(settingsOf({ [name]: undefined }))).toEqual(plain(settingsOf({})))
    expect(await responseOf({ [name]: undefined })).toEqual(await responseOf({}))
  })

  it('counts as left out where all are', async () => {
    const options = Object.fromEntries(OPTION_NAMES.map((name) => [name, undefined]))
    expect(plain(settingsOf(options))).toEqual(plain(settingsOf({})))
    expect(await responseOf(options)).toEqual(await responseOf({}))
  })

  it('counts as left out of a limit', () => {
    const absent: AllUndefined<LimitOptions> = {
      windowSec: undefined,
      per: undefined,
      timeZone: undefined,
      startsOn: undefined,
      algorithm: undefined,
      burst: undefined,
      maxDebt: undefined,
      name: undefined,
    }
    for (const read of [{ limit: 5, ...absent }, [{ limit: 5, ...absent }]]) {
      expect(policiesOf({ read })).toEqual(policiesOf({ read: { limit: 5 } }))
    }
  })

  it('counts as left out of a charge', async () => {
    const absent: AllUndefined<ChargeOptions> = {
      class: undefined,
      plan: undefined,
      cost: undefined,
      limit: undefined,
    }
    const limiter = createRateLimiter({ limit: 5 })
    expect(await limiter.consume('203.0.113.7', absent)).toMatchObject({
      allowed: true,
      limits: [{ remaining: 4 }],
    })
    expect(await limiter.peek('203.0.113.7', absent)).toMatchObject({ limits: [{ remaining: 4 }] })
  })

  it('counts as left out of a guard', () => {
    const absent: AllUndefined<GuardOptions> = { beforeMiddleware: undefined }
    expect(() => createRateLimiter().guard(createServer(), undefined, absent)).not.toThrow()
  })

  it('counts as left out of a store', () => {
    const memory: AllUndefined<MemoryStoreOptions> = { maxKeys: undefined, clock: undefined }
    expect(new MemoryStore(memory).stats()).toEqual(new MemoryStore().stats())
    const client = { sendCommand: async () => undefined }
    const redis: AllUndefined<RedisStoreOptions> = {
      prefix: undefined,
      deadlineMs: undefined,
      connectDeadlineMs: undefined,
      refusalCache: undefined,
      clock: undefined,
    }
    expect(plain(new RedisStore({ client, ...redis }))).toEqual(plain(new RedisStore({ client })))
  })

  it('counts as left out of what a store declares', () => {
    const consume = async (): Promise<Decision> => ({ allowed: true, retryAfterMs: 0, limits: [] })
    const store = { consume, capabilities: undefined, deadlineMs: undefined, connectDeadlineMs: undefined }
    expect(plain(settingsOf({ store }))).toEqual(plain(settingsOf({ store: { consume } })))
  })

  it('counts as left out of the tools', async () => {
    const absent: AllUndefined<AssertRoutesOptions> = {
      except: undefined,
      allowShadow: undefined,
      trustSkip: undefined,
      allowBefore: undefined,
      app: undefined,
    }
    const app = limitedApp({})
    expect(assertEveryRouteLimited(app, absent)).toEqual(assertEveryRouteLimited(app))
    expect(auditRoutes(app, { trustSkip: undefined })).toEqual(auditRoutes(app))
    const page: AllUndefined<DashboardOptions> = {
      authorize: undefined,
      showAddresses: undefined,
      clock: undefined,
    }
    expect(() => dashboard(createRateLimiter(), page).close()).not.toThrow()
    const titles: string[] = []
    const describeSuite = (title: string, suite: () => void): void => {
      titles.push(title)
      suite()
    }
    storeConformance({
      name: undefined,
      describe: describeSuite,
      it: () => undefined,
      create: () => new MemoryStore(),
    })
    expect(titles[0]).toBe('store conformance')
    const faulty = new FaultyStore(new MemoryStore())
    faulty.fail({ kind: 'throw', error: undefined })
    expect(() => faulty.consume({ key: 'key', limits: [], cost: 1 })).toThrow('The store is down')
  })
})
